"""Every operation, with right and with wrong tokens and bodies."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from asking import PNG, finished, raw, web
from end_to_end.access.http2 import Http2
from end_to_end.hunt.stand import (
    ADMIN,
    KEYS,
    NOBODY,
    PASSWORDS,
    PROMPT,
    SECRETS,
    TOKENS,
    Stand,
    bearer,
)
from running import Proxy

STRANGER = {"Authorization": f"Bearer {SECRETS[NOBODY]}"}
OPERATOR = {"Authorization": f"Bearer {ADMIN}"}
Ask = Callable[..., httpx.Response]


@contextlib.contextmanager
def asking(stand: Stand) -> Iterator[tuple[httpx.Client, Ask]]:
    """A client, and a way to ask that keeps the answers."""
    with web(stand.proxy.url) as calls:

        def ask(method: str, path: str, **more: Any) -> httpx.Response:
            answer = calls.request(method, path, **more)
            stand.answers.append(answer)
            return answer

        yield calls, ask


def videos(stand: Stand) -> None:
    """What callers may do."""
    with asking(stand) as (calls, ask):
        for name in TOKENS:
            mine = bearer(name)
            body: dict[str, Any] = {"prompt": PROMPT, "seconds": "4"}
            made = ask("POST", "/v1/videos", json=body, headers=mine)
            path = f"/v1/videos/{made.json()['id']}"
            ask("GET", path, headers=mine | {"Prefer": "wait=1"})
            finished(calls, made.json()["id"], headers=mine)
            for headers in (mine, {"api-key": TOKENS[name]}, STRANGER, {"api-key": KEYS["by-env"]}, {}):
                ask("GET", path, headers=headers)
                ask("GET", f"{path}/content", headers=headers)
                ask("GET", "/v1/videos?limit=5", headers=headers)
                ask("GET", "/v1/models", headers=headers)
                ask("GET", "/runway/usage", headers=headers)
                ask("GET", "/runway/metrics", headers=headers)
            ask("GET", f"{path}/content", headers=mine | {"Range": "bytes=0-9"})
            ask("HEAD", f"{path}/content", headers=mine)
            for variant in ("thumbnail", "spritesheet", "none"):
                ask("GET", f"{path}/content", params={"variant": variant}, headers=mine)
            of_it = {"prompt": PROMPT, "video": {"id": made.json()["id"]}, "seconds": "4"}
            ask("POST", f"{path}/remix", json={"prompt": PROMPT}, headers=mine)
            ask("POST", "/v1/videos/edits", json=of_it, headers=mine)
            ask("POST", "/v1/videos/extensions", json=of_it, headers=mine)
            ask("POST", "/v1/videos/characters", json={"name": "x"}, headers=mine)
            ask(
                "POST",
                "/v1/videos",
                data={"prompt": PROMPT},
                files={"input_reference": ("x.png", PNG)},
                headers=mine,
            )
            for wrong in (
                {},
                {"prompt": PROMPT, "model": "not-ours"},
                {"prompt": 7},
                {"prompt": PROMPT, "size": "1x1"},
            ):
                ask("POST", "/v1/videos", json=wrong, headers=mine)
            ask("POST", "/v1/videos", content=b'{"prompt": ', headers=mine)
            ask("POST", "/v1/videos", json=body, headers=mine | {"Idempotency-Key": "one"})
            ask("POST", "/v1/videos", json=body, headers=mine | {"Idempotency-Key": "one"})
            for prompt in ("[fail]", "[lost]", "[cancel]", "[throttle]"):
                ask("POST", "/v1/videos", json={"prompt": prompt}, headers=mine)
            ask("DELETE", path, headers=mine)
            ask("PUT", "/v1/videos", headers=mine)
            ask("GET", "/v1/videos/video_rwnone", headers=mine)
            ask("GET", "/other", headers=mine)
        for path in ("/", "/runway/healthz", "/runway/readyz", "/favicon.ico", "/v1/video"):
            ask("GET", path)
        ask("GET", "/runway/metrics", headers=OPERATOR)
        for headers in (bearer("app-1"), STRANGER):
            with httpx.Client(proxy=stand.proxy.url, trust_env=False) as forward:
                for host in (stand.origin.url, "http://api.openai.com"):
                    stand.answers.append(forward.get(f"{host}/v1/videos/video_rwx", headers=headers))
                    stand.answers.append(forward.get(f"{host}/v1/chat", headers=headers))
        for token in (TOKENS["app-1"], SECRETS[NOBODY]):
            proxy = httpx.Proxy(stand.proxy.url, auth=("app", token))
            with (
                httpx.Client(proxy=proxy, trust_env=False, verify=False) as forward,
                contextlib.suppress(httpx.HTTPError),
            ):
                stand.answers.append(forward.get(f"{stand.origin.url}/v1/chat"))
                forward.get("https://127.0.0.1:9/v1/chat")
        unreadable(stand.proxy)


def over_tls(stand: Stand) -> None:
    """Through a tunnel of the proxy, by HTTP/2 within."""
    body = json.dumps({"prompt": f"{PROMPT} by HTTP/2"}).encode()
    with Http2(("127.0.0.1", stand.proxy.port), "api.openai.com:443") as connection:
        for headers, status in ((bearer("app-2"), 200), (STRANGER, 401), ({"api-key": TOKENS["app-1"]}, 200)):
            sent = [*headers.items(), ("content-type", "application/json")]
            assert connection.ask("GET", "/v1/videos", "api.openai.com", sent) == status
            assert connection.ask("POST", "/v1/videos", "api.openai.com", sent, body) == status, (
                stand.proxy.log[-3000:]
            )
            connection.ask("GET", f"/v1/videos/{TOKENS['app-1']}", "api.openai.com", sent)


def with_a_broken_way_out(stand: Stand) -> None:
    """The proxy to Runway refuses and fails, in words that repeat what it was told."""
    assert stand.outbound is not None
    told = f"no: {stand.outbound.credentials} hunter:{PASSWORDS['proxy']} {KEYS['by-env']}"
    with asking(stand) as (calls, ask):
        mine = bearer("app-2")
        made = ask("POST", "/v1/videos", json={"prompt": PROMPT}, headers=mine)
        path = f"/v1/videos/{made.json()['id']}"
        finished(calls, made.json()["id"], headers=mine)
        for status, body in ((407, told), (502, json.dumps({"error": told}))):
            for method, below in (("POST", "/v1/videos"), ("GET", path), ("GET", f"{path}/content")):
                stand.outbound.faults[:] = [(status, body.encode())] * 8
                more = {"json": {"prompt": PROMPT}} if method == "POST" else {}
                ask(method, below, headers=mine, **more)
        stand.outbound.faults.clear()


def unreadable(proxy: Proxy) -> None:
    """Requests that get no answer, or none of the proxy's own."""
    token = f"Authorization: Bearer {TOKENS['app-1']}\r\n"
    for head in (
        f"POST /v1/videos HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n{token}\r\n",
        f"POST /v1/videos HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n{token}\r\n",
        f"GET /v1/videos HTTP/9.9\r\nHost: x\r\n{token}\r\n",
        f"GET /v1/videos HTTP/1.1\r\nHost: x\r\n bad: {token}\r\n",
    ):
        with contextlib.suppress(OSError):
            raw(proxy.port, head.encode())


def providers(stand: Stand, live: bool) -> None:
    """What operators may do, and what they and others may not.

    `live`: addresses are shown as they come in; none may hold a secret where a key's name belongs.
    """
    key = {"name": "posted", "value": KEYS["posted"], "models": ["*"], "weight": 1}
    refused = {"name": "r", "value": SECRETS["a key that was refused"]}
    good = {"provider": "runway", "keys": [key]}
    wrong = (
        {"provider": "openai", "keys": [refused]},
        {"provider": "runway", "keys": [refused | {"wieght": 1}]},
        {"provider": "runway", "keys": [refused | {"weight": -1}]},
        {"provider": "runway", "keys": [refused | {"name": "a name with blanks"}]},
        {"provider": "runway", "keys": [refused | {"name": refused["value"]}]},
        {"provider": "runway", "keys": [refused | {"value": [refused["value"]]}]},
        {"provider": "runway", "keys": [refused | {"value": f"{refused['value']} with blanks"}]},
        {"provider": "runway", "keys": [refused | {"models": refused["value"]}]},
        {"provider": "runway", "keys": [refused | {"models": [refused["value"] * 4]}]},
        {"provider": "runway", "keys": [refused | {"value": f"env.{refused['value']}"}]},
        {"provider": "runway", "keys": [refused | {"value": f"file.{refused['value']}"}]},
        {"provider": "runway", "keys": [refused | {"on_behalf_of": f"{refused['value']} a"}]},
        {"provider": "runway", "keys": [refused, refused]},
        {"provider": "runway", "keys": refused["value"]},
        {"provider": "runway", "keys": [refused["value"]]},
        {"provider": refused["value"], "keys": []},
        {"provider": "runway", "keys": [refused], refused["value"]: 1},
        [refused],
    )
    with asking(stand) as (_, ask):
        for headers in ({}, STRANGER, bearer("app-1")):
            for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
                ask(method, "/api/providers", json=good, headers=headers)
        for body in wrong:
            for method in ("POST", "PUT"):
                assert ask(method, "/api/providers", json=body, headers=OPERATOR).status_code == 400, body
        cut = json.dumps(good)[:-3].encode()
        ask("POST", "/api/providers", content=cut, headers=OPERATOR)
        ask("POST", "/api/providers", content=json.dumps(good).encode("utf-16"), headers=OPERATOR)
        ask("POST", "/api/providers", data={"key": refused["value"]}, headers=OPERATOR)
        ask("POST", "/api/providers/openai", json=good, headers=OPERATOR)
        ask("POST", "/api/provider", json=good, headers=OPERATOR)
        if not live:
            ask("DELETE", "/api/providers", params={"key": refused["value"]}, headers=OPERATOR)
        assert ask("POST", "/api/providers", json=good, headers=OPERATOR).status_code == 200
        ask("GET", "/api/providers", headers=OPERATOR)
        ask("DELETE", "/api/providers", params={"key": "by-env"}, headers=OPERATOR)
        for _ in range(3):
            ask("POST", "/v1/videos", json={"prompt": PROMPT}, headers=bearer("app-1"))
        assert ask("PUT", "/api/providers", json=good, headers=OPERATOR).status_code == 200
        ask("DELETE", "/api/providers", headers=OPERATOR)
        ask("PATCH", "/api/providers", json=good, headers=OPERATOR)

"""A caller's token reaches no server, no log and no saved flow, wherever it stands in a request."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from end_to_end.conftest import Folders, whole
from origins import Asked, Origin
from running import Proxy
from sandbox_server import SandboxServer
from wire import Answer, Headers, ask, connect

pytestmark = pytest.mark.slow

TOKEN = "t0k3n/of+the=app"
BASE64 = base64.b64encode(f"app:{TOKEN}".encode()).decode()
QUOTED = TOKEN.replace("/", "%2F").replace("+", "%2B").replace("=", "%3d")
CONF = f"""
flow_detail: 4
termlog_verbosity: debug
runway_poll_seconds: 0
runway_forward: true
runway_callers:
  - {{name: app, value: "{TOKEN}"}}
"""
#: Who is served is shown by this one; it is in each of the requests.
BEARER = ("Authorization", f"Bearer {TOKEN}")
OWN = [("X-Own", "sk-own-1"), ("Cookie", "own=sk-own-2"), ("X-Goog-Api-Key", "sk-own-3")]
#: What a token may look like, by the header that it stands in.
PLACES: list[tuple[str, str]] = [
    ("Authorization", f"Bearer {TOKEN}"),
    ("authorization", f"Bearer\t{TOKEN}"),
    ("Authorization", f"bearer    {TOKEN}  "),
    ("Authorization", f"Basic {BASE64}"),
    ("Authorization", f"Bearer sk-other, Bearer {TOKEN}"),
    ("Proxy-Authorization", f"Bearer\t{TOKEN}"),
    ("Proxy-Authorization", f"Basic   {BASE64}"),
    ("api-key", TOKEN),
    ("X-Api-Key", TOKEN),
    ("x-goog-api-key", TOKEN),
    ("Cookie", f"session=1; key={TOKEN}; last=2"),
    ("Cookie", f"key={QUOTED}"),
    ("Referer", f"http://127.0.0.1/v1?api_key={QUOTED}"),
    ("X-Anything", f"[{TOKEN}]"),
]
QUERIES = [f"?api_key={TOKEN}", f"?a=1&api_key={QUOTED}&b=2", f"?{TOKEN}"]


class Left(NamedTuple):
    """What a proxy that was used leaves behind."""

    answers: list[Answer]
    arrived: list[Asked]
    calls_of_runway: str
    log: str
    flows: bytes


def attempts(proxy: Proxy, origin: Origin, mode: str) -> Iterator[Answer]:
    """Each way that a request can go on or be answered, with the token in each place."""
    address = ("127.0.0.1", proxy.port)
    here = f"127.0.0.1:{proxy.port}"
    theirs = json.dumps({"prompt": "x", "model": "not-ours"}).encode()
    mine = json.dumps({"prompt": "mine"}).encode()
    json_type = ("Content-Type", "application/json")
    # With a bearer and without: some of these are refused then.
    for name, value in [*PLACES, ("X-None", "1")]:
        known = ("api-key", TOKEN) if name.lower() == "authorization" else BEARER
        for first in ([known], []):
            headers: Headers = [*first, (name, value), *OWN]
            yield ask(address, "POST", "/v1/chat/completions", here, headers, b"{}")
            yield ask(address, "GET", "/v1/videos", here, headers)
            yield ask(address, "GET", "/v1/videos/video_rwx/content", here, headers)
            yield ask(address, "POST", "/v1/videos", here, [*headers, json_type], theirs)
    for query in QUERIES:
        for path in ("/v1/models", "/v1/videos", "/v1/videos/video_rwx/content", f"/v1/{TOKEN}/a"):
            yield ask(address, "GET", path + query, here, [BEARER, *OWN])
            yield ask(address, "GET", path + query, here, OWN)
    made = ask(address, "POST", f"/v1/videos?k={TOKEN}", here, [BEARER, ("X-K", TOKEN), json_type], mine)
    yield made
    video = made.json["id"]
    yield ask(address, "GET", f"/v1/videos/{video}?k={TOKEN}", here, [("api-key", TOKEN), ("X-K", TOKEN)])
    yield ask(address, "DELETE", f"/v1/videos/{video}", here, [BEARER, ("If-Range", TOKEN)])
    if mode == "regular":
        at_proxy = ("Proxy-Authorization", f"Basic {BASE64}")
        for name, value in PLACES:
            target, headers = f"{origin.url}/through?k={QUOTED}", [(name, value), *OWN]
            if name != "Proxy-Authorization":
                headers = [at_proxy, *headers]
            host = target.split("/")[2]
            yield ask(address, "GET", target, host, headers)
            videos = f"{origin.url}/v1/videos?k={TOKEN}"
            yield ask(address, "POST", videos, host, [*headers, BEARER, json_type], theirs)
            yield ask(address, "CONNECT", host, host, [at_proxy, (name, value)])
            yield ask(address, "CONNECT", host, host, [("X-K", TOKEN)])
    # Requests that mitmproxy does not understand, or does not let through.
    yield ask(address, "GET", f"http://app:{TOKEN}@{here}/v1/models", here, [BEARER])
    yield ask(address, "GET", f"/v1/models?k={TOKEN}", here, [BEARER, ("X Y", "1"), ("X-K", TOKEN)])
    yield ask(address, "GET", f"/v1/models?k={TOKEN}", here, [BEARER, ("Content-Length", "x")])
    for half in (
        f"GET /v1/models?k={TOKEN} HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n",
        f"GET {TOKEN}\r\n\r\n",
    ):
        with connect(address) as connection:
            connection.sendall(half.encode())


@pytest.fixture(scope="module", params=["regular", "reverse"])
def left(request: pytest.FixtureRequest, folder: Folders, sandbox_server: SandboxServer) -> Left:
    mode, made = request.param, folder()
    before = len(sandbox_server.seen())
    with Origin() as origin:
        options = {**sandbox_server.options(), "runway_hosts": ["api.openai.com", "127.0.0.1"]}
        if mode == "regular":
            options["runway_fallback"] = origin.url
            arguments = []
        else:
            arguments = ["--mode", f"reverse:{origin.url}"]
        with Proxy(made, "-w", str(made / "flows"), *arguments, conf=CONF, **options) as proxy:
            answers = list(attempts(proxy, origin, mode))
            whole(proxy)
        arrived = list(origin.requests)
    calls = json.dumps([[seen.path, *seen.headers.items()] for seen in sandbox_server.seen()[before:]])
    return Left(answers, arrived, calls, proxy.log, Path(made / "flows").read_bytes())


def check(text: str, where: str) -> None:
    for secret in ("t0k3n", QUOTED, BASE64, BASE64[8:20]):
        at = text.find(secret)
        assert at < 0, f"{secret} in {where}: …{text[max(0, at - 300) : at + 100]}"


def test_requests_went_all_ways(left: Left) -> None:
    # Else the tokens' absence would prove nothing.
    assert {200, 401, 404} <= {answer.status for answer in left.answers}
    assert len(left.arrived) > 40
    assert {"/v1/chat/completions", "/v1/videos"} <= {asked.path for asked in left.arrived}
    assert "/v1/videos" in left.log
    assert b"/v1/videos" in left.flows
    assert left.calls_of_runway != "[]"
    assert "Bad HTTP request line: (not shown)" in left.log


def test_no_server_gets_a_token(left: Left) -> None:
    for asked in left.arrived:
        check(repr((asked.path, asked.headers)), f"what came for {asked.path}")
    check(left.calls_of_runway, "the calls of Runway")


def test_the_clients_own_credentials_stay(left: Left) -> None:
    for asked in left.arrived:
        assert asked.headers["x-own"] == "sk-own-1"
        # Of repeated headers the test's server tells the last.
        assert asked.headers["cookie"] == "own=sk-own-2"
        assert asked.headers["x-goog-api-key"] == "sk-own-3"
    paths = {asked.path for asked in left.arrived}
    assert "/v1/models?a=1&b=2" in paths
    assert "/redacted" in paths


def test_no_token_in_log_and_saved_flows_and_answers(left: Left) -> None:
    check(left.log, "the log")
    check(left.flows.decode("latin-1"), "the saved flows")
    for answer in left.answers:
        # mitmproxy's own pages tell a client what it sent itself.
        if answer.headers.get("content-type") != "text/html":
            check(repr(answer), "an answer")

"""No Runway key, caller token or signed link in a log line, an error, a saved flow or an option."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from asking import PNG, client, finished, raw, web
from end_to_end.conftest import Folders, whole
from end_to_end.test_conf import dumping, options_of
from origins import PATIENCE_SECONDS, Exchange, Origin
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = [pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning"), pytest.mark.slow]

KEYS = {"key_s3cr3t_by_env": "by-env", "key_s3cr3t_in_file": "in-file"}
TOKENS = {"by-env": "token_s3cr3t_by_env", "in-file": "token_s3cr3t_in_file"}
CONF = """
flow_detail: 4
termlog_verbosity: debug
runway_poll_seconds: 0
runway_keys:
  - {name: by-env, value: env.MY_KEY}
  - {name: in-file, value: key_s3cr3t_in_file}
runway_callers:
  - {name: by-env, value: env.MY_TOKEN}
  - {name: in-file, value: token_s3cr3t_in_file}
"""
ENV = {
    "MY_KEY": "key_s3cr3t_by_env",
    "MY_TOKEN": "token_s3cr3t_by_env",
    "RUNWAY_ID_SECRET": "id_s3cr3t_0123456789",
}
#: What every secret of these tests has in it, and what every signed link has.
SECRETS = ("s3cr3t", "Signature=", "Key-Pair-Id")
CANCELLED = r"Traceback [^\n]*\n(?:[ \t]+[^\n]*\n)*asyncio\.exceptions\.CancelledError"


def check(text: str | bytes, where: str) -> None:
    found = text.decode("latin-1") if isinstance(text, bytes) else text
    for secret in SECRETS:
        assert secret not in found, f"{secret} in {where}: …{found[max(0, found.find(secret) - 300) :][:400]}"


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[name]}"}


def every_kind_of_call(
    proxy: Proxy, sandbox_server: SandboxServer, origin: Origin
) -> Iterator[httpx.Response]:
    """All that a proxy does, in all the ways it can go; the answers."""
    with web(proxy.url) as calls:
        for name in TOKENS:
            headers = bearer(name)
            made = calls.post("/v1/videos", json={"prompt": f"for {name}"}, headers=headers)
            yield made
            path = f"/v1/videos/{made.json()['id']}"
            finished(calls, made.json()["id"], headers=headers)
            yield calls.get(path, headers={"api-key": TOKENS[name]})
            yield calls.get(f"{path}/content", headers=headers)
            yield calls.get(f"{path}/content", headers={**headers, "Range": "bytes=0-9"})
            yield calls.head(f"{path}/content", headers=headers)
            yield calls.get(path, headers={"Authorization": "Bearer wrong"})
            of_it = {"prompt": "another", "video": {"id": made.json()["id"]}, "seconds": "4"}
            yield calls.post(f"{path}/remix", json={"prompt": "another"}, headers=headers)
            yield calls.post(f"{path}/remix", json={"prompt": "[lost]"}, headers=headers)
            yield calls.post("/v1/videos/edits", json=of_it, headers=headers)
            yield calls.post("/v1/videos/extensions", json=of_it, headers=headers)
            yield calls.delete(path, headers=headers)
            yield calls.get(path, headers=headers)
            failed = calls.post("/v1/videos", json={"prompt": "[fail]"}, headers=headers)
            finished(calls, failed.json()["id"], headers=headers)
            yield calls.get(f"/v1/videos/{failed.json()['id']}/content", headers=headers)
            yield calls.post("/v1/videos", json={}, headers=headers)
            yield calls.post("/v1/videos", json={"prompt": "x", "model": "not-ours"}, headers=headers)
            yield calls.post("/v1/videos", content=bytes(150_000), headers=headers)
            yield calls.get("/v1/videos/abc", headers=headers)
            yield calls.get("/v1/models", headers=headers)
            yield calls.put("/v1/videos", headers=headers)
        with client(proxy.base_url, TOKENS["by-env"]) as app:
            app.videos.create(prompt="a file", input_reference=("x.png", PNG + bytes(50_000)))
        with httpx.Client(proxy=proxy.url, trust_env=False) as forward:
            yield forward.get(f"{origin.url}/v1/models", headers=bearer("by-env"))
            theirs = {"prompt": "x", "model": "not-ours"}
            yield forward.post(f"{origin.url}/v1/videos", json=theirs, headers=bearer("by-env"))
        # A body that is not worth reading: no answer, but the flow is logged and saved all the same.
        head = "POST /v1/videos HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n"
        token = f"Authorization: Bearer {TOKENS['by-env']}\r\n\r\n"
        assert raw(proxy.port, (head + token).encode()) == b""
        # Runway refuses our keys.
        sandbox_server.ask(lambda sandbox: sandbox.keys.clear())
        yield calls.post("/v1/videos", json={"prompt": "refused keys"}, headers=bearer("by-env"))
        yield calls.get(path, headers=bearer("by-env"))
        yield calls.get("/runway/metrics")


@pytest.fixture(scope="module", params=["lean", "all built-ins"])
def used(request: pytest.FixtureRequest, folder: Folders, origin: Origin) -> dict[str, Any]:
    """What is left of a proxy that was used in every way: log, saved flows, options, errors."""
    made = folder()
    saved = made / "flows"
    arguments = ("-w", str(saved), *dumping(made))
    options: dict[str, Any] = {
        "runway_hosts": ["api.openai.com", "127.0.0.1"],
        "runway_fallback": origin.url,
        "runway_max_body": "100k",
        "runway_lean": request.param == "lean",
        "runway_audit": made / "audit.jsonl",
        "runway_audit_prompts": True,
    }
    with SandboxServer(KEYS) as sandbox_server:
        proxy = Proxy(made, *arguments, conf=CONF, env=ENV, runway_base_url=sandbox_server.url, **options)
        with proxy:
            answers = list(every_kind_of_call(proxy, sandbox_server, origin))
            dumped = options_of(proxy)
            whole(proxy)
        seen = sandbox_server.seen()
    return {
        "log": proxy.log,
        "flows": saved.read_bytes(),
        "account": (made / "audit.jsonl").read_text(),
        "options": dumped,
        "answers": answers,
        "orders": {each.organisation for each in seen},
    }


def test_all_kinds_of_calls_were_made(used: dict[str, Any]) -> None:
    statuses = {answer.status_code for answer in used["answers"]}
    assert {200, 206, 400, 401, 404, 413, 503} <= statuses
    assert {"by-env", "in-file"} <= used["orders"]
    assert "debug" in str(used["options"]["termlog_verbosity"])  # else their absence would prove nothing
    assert b"/v1/videos" in used["flows"]
    assert "/v1/videos" in used["log"]
    assert '"event":"created"' in used["account"]


@pytest.mark.parametrize("what", ["log", "flows", "account"])
def test_what_is_left_holds_no_secret(used: dict[str, Any], what: str) -> None:
    check(used[what], what)


def test_mitmproxys_options_hold_no_secret(used: dict[str, Any]) -> None:
    check(json.dumps(used["options"]), "the options")


def test_no_answer_holds_a_secret(used: dict[str, Any]) -> None:
    for answer in used["answers"]:
        where = f"the answer to {answer.request.method} {answer.request.url}"
        check(str(answer.headers), where)
        check(answer.content, where)


def test_secrets_on_the_command_line_are_in_no_option(folder: Folders, sandbox_server: SandboxServer) -> None:
    made = folder()
    values = {"a": "key_s3cr3t_a", "b": "env.MY_KEY"}
    keys = [json.dumps({"name": name, "value": value}) for name, value in values.items()]
    callers = json.dumps({"name": "a", "value": "token_s3cr3t_a"})
    with Proxy(
        made,
        *dumping(made),
        env=ENV,
        runway_keys=keys,
        runway_callers=callers,
        runway_base_url=sandbox_server.url,
        termlog_verbosity="debug",
    ) as proxy:
        with web(proxy.url) as calls:
            assert calls.get("/v1/videos/video_rw").status_code == 401
            assert calls.get("/v1/videos/video_rw", headers={"api-key": "token_s3cr3t_a"}).status_code == 404
        check(proxy.log, "the log")
        check(json.dumps(options_of(proxy)), "the options")
        whole(proxy)


def test_links_of_a_redirect_stay_out_of_log_and_flows(
    folder: Folders, sandbox_server: SandboxServer
) -> None:
    made = folder()
    arguments = ("-w", str(made / "flows"))
    options = {**sandbox_server.options(), "flow_detail": 4, "runway_content": "redirect"}
    with Proxy(made, *arguments, **options) as proxy, web(proxy.url) as calls:
        video = calls.post("/v1/videos", json={"prompt": "by redirect"}).json()["id"]
        finished(calls, video)
        answer = calls.get(f"/v1/videos/{video}/content")
        assert answer.status_code == 302
        assert "Signature=" in answer.headers["location"]
    check(proxy.log, "the log")
    check(Path(made / "flows").read_bytes(), "the saved flows")


def test_downloads_that_never_begin_leave_no_secret(folder: Folders) -> None:
    """Between the request and the file store's headers a flow holds the signed link."""
    arrived, go_on = threading.Semaphore(0), threading.Semaphore(0)
    task = "0b8ba4a5-5d0c-4a6a-8bd5-3f3e7c5d3a11"

    def file(exchange: Exchange) -> None:
        if exchange.asked.headers.get("range") == "bytes=0-0":
            exchange.reply(206, b"x", "video/mp4", Content_Range="bytes 0-0/10")
            return
        arrived.release()
        go_on.acquire(timeout=PATIENCE_SECONDS)
        exchange.close_connection = True

    with Origin() as runway:
        link = f"{runway.url}/file.mp4?Expires=1&Key-Pair-Id=K&Signature=s3cr3t"
        done = {"id": task, "status": "SUCCEEDED", "createdAt": "2026-11-23T00:00:00Z", "output": [link]}
        runway.routes["/v1/text_to_video"] = lambda each: each.reply(200, json.dumps({"id": task}).encode())
        runway.routes[f"/v1/tasks/{task}"] = lambda each: each.reply(200, json.dumps(done).encode())
        runway.routes["/file.mp4"] = file
        made = folder()
        options: dict[str, Any] = {
            "runway_base_url": runway.url,
            "flow_detail": 4,
            "termlog_verbosity": "debug",
        }
        env = {"RUNWAYML_API_SECRET": "key_s3cr3t_by_env"}
        with Proxy(made, "-w", str(made / "flows"), env=env, **options) as proxy:
            with web(proxy.url) as calls:
                video = calls.post("/v1/videos", json={"prompt": "a link"}).json()["id"]
            head = f"GET /v1/videos/{video}/content HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

            def begin() -> socket.socket:
                client = socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_SECONDS)
                client.sendall(head)
                assert arrived.acquire(timeout=PATIENCE_SECONDS)
                return client

            with begin() as client:
                go_on.release()  # the file store breaks
                assert client.recv(65_536).startswith(b"HTTP/1.1 502 ")
            begin().close()  # the client leaves
            with begin():
                proxy.stop()  # the proxy ends
        for _ in range(2):
            go_on.release()
    # asyncio of Python 3.12.1 itself reports every connection that is ended by a stop.
    assert "Traceback" not in re.sub(CANCELLED, "", proxy.log)
    check(proxy.log, "the log")
    check((made / "flows").read_bytes(), "the saved flows")

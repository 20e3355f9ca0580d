"""What the start tells a person, the ways to start, and a reload of the script."""

from __future__ import annotations

import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from asking import check_video, client, finished, until, web
from end_to_end.conftest import Folders, whole
from origins import PATIENCE_SECONDS, Exchange, Origin
from running import ROOT, Proxy
from sandbox_server import SandboxServer

pytestmark = [
    pytest.mark.dependencies,
    pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning"),
    pytest.mark.slow,
]


def lines_of(proxy: Proxy) -> list[str]:
    """The log's lines without their times."""
    return [re.sub(r"^\[[-\d:. ]+\] ", "", line) for line in proxy.log.splitlines()]


def test_start_lines_name_keys_aliases_and_addresses(plain: Proxy) -> None:
    lines = [
        plain.wait_for(pattern)[0] for pattern in ("serving .*", "keys: .*", "aliases: .*", "catalog .*")
    ]
    assert lines[0] == f"serving /v1/videos on http://127.0.0.1:{plain.port}"
    assert lines[1].startswith("keys: only (weight 1 = 100%")
    assert lines[2] == (
        "aliases: sora-2-pro* → seedance2_5, about 30 credits a second at 720p; "
        "sora-2* → seedance2_mini, about 16 credits a second, "
        "or seedance2_5, about 30 credits a second at 720p; "
        "gen4_aleph → aleph2, about 28 credits a second"
    )
    assert re.fullmatch(r"catalog of 20\d\d-\d\d-\d\d: \d+ models \(runwayml [\d.]+\)", lines[3])
    plain.wait_for("callers: ")
    assert "SANDBOX" not in plain.log


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """Where a service manager listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(PATIENCE_SECONDS)
        yield listening


def test_sandbox_without_a_key_serves_and_says_what_it_is(folder: Folders, manager: socket.socket) -> None:
    """The sandbox inside the proxy: no key, the whole way, and it says what it is everywhere.

    To the service manager too, that it serves and that it ends.
    """
    env = {"NOTIFY_SOCKET": manager.getsockname()}
    with Proxy(folder(), "-w", os.devnull, runway_sandbox=True, env=env) as proxy:
        assert manager.recv(100) == b"READY=1"
        proxy.wait_for("SANDBOX: ")
        assert "no Runway key" not in proxy.log
        with client(proxy.base_url) as app, web(proxy.url) as calls:
            created = app.videos.with_raw_response.create(prompt="a paper boat")
            video = created.parse()
            marks = [created.http_response.headers.get("x-runway-sandbox")]
            done = app.videos.poll(video.id, poll_interval_ms=200)
            assert done.status == "completed"
            for method, path in (("GET", ""), ("GET", "/content"), ("HEAD", "/content"), ("DELETE", "")):
                answer = calls.request(method, f"/v1/videos/{video.id}{path}")
                assert answer.status_code == 200
                marks.append(answer.headers.get("x-runway-sandbox"))
                if (method, path) == ("GET", "/content"):
                    # A real MP4: what plays begins with its type.
                    assert answer.content[4:8] == b"ftyp"
            assert marks == ["true"] * 5
            with pytest.raises(openai.NotFoundError):
                app.videos.retrieve(video.id)
        for what in ("created", "completed", "deleted"):
            proxy.wait_for(rf"SANDBOX {what}: sora-2")
        whole(proxy)
    assert manager.recv(100) == b"STOPPING=1"


def test_the_log_lines_of_a_video(plain: Proxy, direct: httpx.Client, sandbox_server: SandboxServer) -> None:
    made = check_video(direct.post("/v1/videos", json={"prompt": "to be logged"}).json())
    task = sandbox_server.creates("to be logged")[0].made
    line = plain.wait_for(f"created: .*{task}.*")[0]
    for part in ("sora-2 → seedance2_mini, text_to_video, 4 s, 720x1280", "key only", "credits"):
        assert part in line
    finished(direct, made["id"])
    plain.wait_for(f"completed: sora-2.*{task}")
    direct.delete(f"/v1/videos/{made['id']}")
    plain.wait_for(f"deleted.*{task}")
    # The prompt is the client's own business.
    assert "to be logged" not in plain.log


def test_content_by_redirect_sends_a_link_that_no_log_shows(
    folder: Folders, sandbox_server: SandboxServer
) -> None:
    aliases = ["sora-2=seedance2", "fox=gen9"]
    options = {**sandbox_server.options(), "runway_content": "redirect", "runway_aliases": aliases}
    with Proxy(folder(), **options) as proxy, web(proxy.url) as calls, client(proxy.base_url) as app:
        proxy.wait_for("aliases: sora-2 → seedance2, about 36 credits a second at 720p; fox → gen9")
        proxy.wait_for("runway_aliases: fox=gen9: ")
        video = app.videos.create_and_poll(prompt="by redirect", poll_interval_ms=50)
        path = f"/v1/videos/{video.id}/content"
        for method in ("GET", "HEAD"):
            answer = calls.request(method, path)
            assert (answer.status_code, answer.content) == (302, b"")
            assert answer.headers["location"].startswith(f"{sandbox_server.url}/outputs/")
            assert answer.headers["cache-control"] == "private, no-store"
        # The stock client follows, and takes its key off on the way to another host.
        assert app.videos.download_content(video.id).read() == sandbox_server.sandbox.clips[True].read()
        assert not any("authorization" in seen.headers for seen in sandbox_server.seen("GET", "/outputs/"))
        assert calls.get(path, params={"variant": "gif"}).status_code == 400
        whole(proxy)


def test_a_reload_keeps_serving(folder: Folders, origin: Origin) -> None:
    """mitmproxy reloads the script when it changes: nothing is lost, no call in flight is dropped."""
    made = folder()
    shutil.copytree(ROOT / "addon", made / "addon", ignore=shutil.ignore_patterns("__pycache__"))
    script = made / "addon" / "runway.py"
    arrived, go_on = threading.Event(), threading.Event()

    def slow(exchange: Exchange) -> None:
        arrived.set()
        assert go_on.wait(PATIENCE_SECONDS)
        exchange.reply(200, b"{}")

    origin.routes["/slow"] = slow
    # The file beside addon/, wherever that lies.
    (made / "mitm.conf").write_text("runway_poll_seconds: 7\n")
    elsewhere = made / "elsewhere"
    shutil.copytree(made / "confdir", elsewhere / "confdir")
    options: dict[str, Any] = {
        "runway_sandbox": True,
        "runway_fallback": origin.url,
        "termlog_verbosity": "info",
    }
    with Proxy(elsewhere, conf=None, addon=script, **options) as proxy, web(proxy.url) as calls:
        before = calls.post(
            "/v1/videos", json={"prompt": "before the reload", "model": "runway/gen4.5"}
        ).json()
        answers: list[httpx.Response] = []
        with web(proxy.url) as waiting:
            thread = threading.Thread(target=lambda: answers.append(waiting.get("/slow")))
            thread.start()
            assert arrived.wait(PATIENCE_SECONDS)
            stat = script.stat()
            os.utime(script, ns=(stat.st_atime_ns, stat.st_mtime_ns + 10**9))
            until(lambda: lines_of(proxy).count(f"Loading script {script}") == 2 or None, "the reload")
            until(lambda: proxy.log.count("serving /v1/videos") == 2 or None, "the reloaded addon")
            go_on.set()
            thread.join(PATIENCE_SECONDS)
        assert answers[0].status_code == 200
        # The same video with all that only memory knows, the same options, new videos too.
        now = calls.get(f"/v1/videos/{before['id']}")
        assert now.json()["prompt"] == "before the reload"
        assert calls.post("/v1/videos", json={"prompt": "after"}).headers["openai-poll-after-ms"] == "7000"
        assert calls.get("/v1/models").json()["origin"] is True
        whole(proxy)


def test_options_that_change_while_it_runs(folder: Folders, sandbox_server: SandboxServer) -> None:
    """A mistake is refused and nothing changes; a good value counts from then on."""
    made = folder()
    (made / "setter.py").write_text(SETTER)
    with (
        Proxy(made, "-s", str(made / "setter.py"), **sandbox_server.options()) as proxy,
        web(proxy.url) as calls,
    ):
        video = calls.post("/v1/videos", json={"prompt": "before"}).json()["id"]
        assert calls.get("/set?runway_content=copy").text.startswith("refused: runway_content: 'copy'")
        finished(calls, video)
        assert calls.get(f"/v1/videos/{video}/content").status_code == 200
        assert calls.get("/set?runway_content=redirect").text == "done"
        assert calls.get(f"/v1/videos/{video}/content").status_code == 302
        assert calls.get("/set?runway_sandbox=true").text.startswith(("done", "refused"))
        whole(proxy)


# A second script that sets options on request, as an operator does at mitmproxy's console.
SETTER = """
from mitmproxy import ctx, exceptions, http

def requestheaders(flow):
    if flow.request.path.startswith("/set?"):
        try:
            ctx.options.set(flow.request.path.partition("?")[2])
            text = "done"
        except exceptions.OptionsError as error:
            text = f"refused: {error}"
        flow.response = http.Response.make(200, text)
"""

"""The account of the real mitmdump: its lines over kill -9, its mode, and what must not be in it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from asking import error_of, finished, web
from end_to_end.conftest import Folders, whole
from running import Proxy
from sandbox_server import KEY, SandboxServer

pytestmark = pytest.mark.slow

CALLERS = '{"name": "app", "value": "env.APP"}'
TOKEN = "tok-of-the-app"


def start(folder: Path, sandbox_server: SandboxServer, audit: Path | str) -> Proxy:
    options = sandbox_server.options()
    return Proxy(folder, env={"APP": TOKEN}, runway_callers=CALLERS, runway_audit=audit, **options)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_account_goes_on_after_the_process_was_killed(
    folder: Folders, sandbox_server: SandboxServer
) -> None:
    made = folder()
    audit = made / "audit.jsonl"
    ids = []
    for _ in range(2):
        with (
            start(made, sandbox_server, audit) as proxy,
            web(proxy.url, headers={"api-key": TOKEN}) as app,
        ):
            created = app.post("/v1/videos", json={"prompt": "a secret wish", "model": "sora-2"})
            request = created.headers["x-request-id"]
            ids.append(finished(app, created.json()["id"])["id"])
            whole(proxy)
            proxy.kill()
        found = lines(audit)
        assert [line["event"] for line in found] == ["sending", "created", "ended"] * len(ids)
        assert [line["request_id"] for line in found[-3:-1]] == [request, request]
        assert found[-1]["request_id"].startswith("req_")
    assert [line["video_id"] for line in found if line["event"] == "created"] == ids
    assert {(line["caller"], line["key"], line["model"]) for line in found} == {("app", "only", "sora-2")}
    assert found[-1]["outcome"] == "completed"
    assert found[-1]["credits"] == found[-2]["credits_estimated"] > 0
    assert stat.S_IMODE(audit.stat().st_mode) == 0o600
    for secret in ("secret wish", KEY, TOKEN, "http"):
        assert secret not in audit.read_text()


def test_a_disk_that_is_full_stops_no_request(folder: Folders, sandbox_server: SandboxServer) -> None:
    with start(folder(), sandbox_server, "/dev/full") as proxy:
        with web(proxy.url, headers={"api-key": TOKEN}) as app:
            for _ in range(2):
                finished(app, app.post("/v1/videos", json={"prompt": "full"}).json()["id"])
            error_of(app.get("/v1/videos/video_68"), 404)
        assert proxy.log.count("runway_audit: lines cannot be written and are lost") == 1
        whole(proxy)


def test_a_path_that_cannot_be_written_ends_the_start(folder: Folders, sandbox_server: SandboxServer) -> None:
    proxy = start(folder(), sandbox_server, "/dev/null/audit.jsonl")
    assert proxy.wait() == 1
    assert "runway_audit: cannot write /dev/null/audit.jsonl: Not a directory" in proxy.log


def test_a_pipe_ends_the_start_and_is_not_waited_for(folder: Folders, sandbox_server: SandboxServer) -> None:
    made = folder()
    pipe = made / "audit.pipe"
    os.mkfifo(pipe)
    proxy = start(made, sandbox_server, pipe)
    assert proxy.wait() == 1
    assert f"runway_audit: cannot write {pipe}: it is a pipe; name a file on a disk" in proxy.log

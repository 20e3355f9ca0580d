"""What an operator finds in the log: each refused video call, and each video by its id."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from asking import finished, web
from end_to_end.conftest import Folders, whole
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

CALLER = '{"name": "app", "value": "token-of-app"}'
BEARER = {"Authorization": "Bearer token-of-app"}


@pytest.fixture(scope="module")
def proxy(folder: Folders, sandbox_server: SandboxServer) -> Iterator[Proxy]:
    """With the shipped flow_detail: no line comes from mitmproxy itself."""
    options = {**sandbox_server.options(), "runway_callers": CALLER}
    with Proxy(folder(), runway_max_body="100k", flow_detail=0, **options) as proxy:
        yield proxy
        whole(proxy)


@pytest.fixture(scope="module")
def calls(proxy: Proxy) -> Iterator[httpx.Client]:
    with web(proxy.url, headers=BEARER) as calls:
        yield calls


@pytest.mark.parametrize(
    ("method", "path", "body", "token", "line"),
    [
        ("GET", "/v1/videos/video_rwA", b"", False, r"status refused, 401: .* \(from 127\.0\.0\.1\)"),
        (
            "GET",
            "/v1/videos/video_rwA",
            b"",
            True,
            r"status refused, 404: .*video_rwA.* \(from 127\.0\.0\.1, caller app\)",
        ),
        (
            "PATCH",
            "/v1/videos/video_rwA",
            b"",
            True,
            r"wrong method refused, 405: .* \(from 127\.0\.0\.1, caller app\)",
        ),
        (
            "POST",
            "/v1/videos",
            bytes(150_000),
            True,
            r"create refused, 413: .* \(from 127\.0\.0\.1, caller app\)",
        ),
    ],
)
def test_a_refused_call_is_a_line(
    proxy: Proxy, calls: httpx.Client, method: str, path: str, body: bytes, token: bool, line: str
) -> None:
    headers = {} if token else {"Authorization": "Bearer no"}
    answer = calls.request(method, path, content=body, headers=headers)
    proxy.wait_for(line + re.escape(f" [{answer.headers['x-request-id']}]"))
    allowed = {"PATCH": "GET, DELETE"}.get(method)
    assert answer.headers.get("allow") == allowed


def test_a_stranger_does_not_fill_the_log(proxy: Proxy, calls: httpx.Client) -> None:
    before = len([line for line in proxy.log.splitlines() if "delete refused, 401" in line])
    for _ in range(30):
        assert calls.delete("/v1/videos/video_rwA", headers={"Authorization": "Bearer no"}).status_code == 401
    proxy.wait_for(r"delete refused, 401: .* \(\d+ more like this within a second\)")
    lines = [line for line in proxy.log.splitlines() if "delete refused, 401" in line]
    assert len(lines) - before < 10


def test_a_video_is_found_by_its_id(proxy: Proxy, calls: httpx.Client) -> None:
    answer = calls.post("/v1/videos", json={"prompt": "found by its id"})
    made, request = answer.json()["id"], re.escape(f"[{answer.headers['x-request-id']}]")
    proxy.wait_for(rf"creating: .* {request}")
    proxy.wait_for(rf"created: .* {request}")
    proxy.wait_for(rf"created: .*, caller app, .*, {made}, in ")
    finished(calls, made)
    done = calls.get(f"/v1/videos/{made}")
    assert "openai-poll-after-ms" not in done.headers
    proxy.wait_for(rf"completed: .* credits, took \d+ s, task \S+, {made}")
    calls.delete(f"/v1/videos/{made}")
    proxy.wait_for(rf"deleted: .*, {made}")


def test_a_deleted_running_task_has_its_end_line(proxy: Proxy, calls: httpx.Client) -> None:
    made = calls.post("/v1/videos", json={"prompt": "[slow] never finished"}).json()["id"]
    assert calls.delete(f"/v1/videos/{made}").status_code == 200
    proxy.wait_for(rf"failed \(cancelled\): .*, cost unknown, took \d+ s, task \S+, {made}")
    proxy.wait_for(rf"deleted: .*, {made}")

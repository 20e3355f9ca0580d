"""What stands in the headers of everything that the proxy itself answers: no cache, no guessed types."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import httpx
import pytest

from asking import finished, web
from end_to_end.conftest import Folders, whole
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

CALLER = '{"name": "app", "value": "token-of-app"}'
BEARER = {"Authorization": "Bearer token-of-app"}


@pytest.fixture(scope="module", params=["stream", "redirect"])
def calls(
    request: pytest.FixtureRequest, folder: Folders, sandbox_server: SandboxServer
) -> Iterator[httpx.Client]:
    options = {**sandbox_server.options(), "runway_callers": CALLER, "runway_content": request.param}
    with Proxy(folder(), runway_max_body="100k", **options) as proxy, web(proxy.url, headers=BEARER) as calls:
        yield calls
        whole(proxy)


@pytest.fixture(scope="module")
def content(calls: httpx.Client) -> str:
    video = calls.post("/v1/videos", json={"prompt": "headers"}).json()["id"]
    finished(calls, video)
    return f"/v1/videos/{video}/content"


def check(answer: httpx.Response, *statuses: int) -> None:
    (request_id,) = answer.headers.get_list("x-request-id")
    assert re.fullmatch("req_[0-9a-f]{32}", request_id)
    (date,) = answer.headers.get_list("date")
    assert abs(parsedate_to_datetime(date).timestamp() - time.time()) < 60
    assert answer.status_code in statuses
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.headers.get_list("cache-control")) == 1


def test_statuses(calls: httpx.Client) -> None:
    made = calls.post("/v1/videos", json={"prompt": "headers"})
    check(made, 200)
    path = f"/v1/videos/{made.json()['id']}"
    check(calls.get(path), 200)
    check(calls.delete(path), 200)


def test_content(calls: httpx.Client, content: str) -> None:
    whole_file = calls.get(content)
    check(whole_file, 200, 302)
    check(calls.head(content), 200, 302)
    check(calls.get(content, headers={"Range": "bytes=0-4"}), 206, 302)
    check(calls.get(content, headers={"Range": "bytes=99999999-"}), 416, 302)
    if whole_file.status_code == 200:
        check(calls.get(content, headers={"If-None-Match": whole_file.headers["etag"]}), 304, 200)


@pytest.mark.parametrize(
    ("method", "path", "token", "status"),
    [
        ("GET", "/v1/videos/video_rwx", True, 404),
        ("GET", "/v1/videos/video_rwx/content", True, 404),
        ("GET", "/v1/videos/video_68", True, 404),
        ("GET", "/v1/videos/video_rwx", False, 401),
        ("GET", "/v1/files", True, 404),
        ("GET", "/v1/files", False, 401),
        ("PUT", "/v1/videos", True, 405),
        ("GET", "/v1/videos?limit=all", True, 400),
        ("POST", "/v1/videos", True, 400),
    ],
)
def test_errors(calls: httpx.Client, method: str, path: str, token: bool, status: int) -> None:
    check(calls.request(method, path, headers={} if token else {"Authorization": "Bearer no"}), status)


def test_refused_bodies(calls: httpx.Client) -> None:
    check(calls.post("/v1/videos", content=bytes(150_000)), 413)
    check(calls.post("/v1/videos", json={"prompt": "x", "model": "not-ours"}), 404)

"""Thumbnails and sprite sheets with the stock client and on the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import httpx
import openai
import pytest

from asking import client, error_of, finished, raw, web
from end_to_end.conftest import Folders, whole
from running import Proxy
from sandbox_server import SandboxServer
from unit.previews.clips import Seen

PICTURES = [("thumbnail", "image/webp", (720, 1280)), ("spritesheet", "image/jpeg", (720, 1280))]


@pytest.fixture(scope="module")
def made(direct: httpx.Client) -> str:
    """The id of a finished video of 720x1280."""
    video_id: str = direct.post("/v1/videos", json={"prompt": "pictures"}).json()["id"]
    finished(direct, video_id)
    return video_id


@pytest.mark.parametrize(("variant", "kind", "size"), PICTURES)
def test_the_stock_client_downloads_them(
    plain: Proxy, made: str, variant: Literal["thumbnail", "spritesheet"], kind: str, size: tuple[int, int]
) -> None:
    found = client(plain.base_url).videos.download_content(made, variant=variant)
    seen = Seen(found.content)
    assert found.response.headers["content-type"] == kind
    assert seen.form == {"image/webp": "webp_pipe", "image/jpeg": "jpeg_pipe"}[kind]
    # The sheet is four frames of a quarter of each side.
    assert (seen.width, seen.height) == size


def test_one_read_of_the_file_serves_all(direct: httpx.Client, sandbox_server: SandboxServer) -> None:
    video_id = direct.post("/v1/videos", json={"prompt": "one read"}).json()["id"]
    finished(direct, video_id)
    before = len(sandbox_server.seen("GET", "/outputs/"))
    headers = {"Authorization": "Bearer sk-of-the-application", "Cookie": "session=secret"}
    for variant in ("spritesheet", "thumbnail", "thumbnail"):
        answer = direct.get(f"/v1/videos/{video_id}/content", params={"variant": variant}, headers=headers)
        assert answer.status_code == 200
    probe, read = sandbox_server.seen("GET", "/outputs/")[before:]
    assert probe.headers["range"] == "bytes=0-0"
    assert set(read.headers) == {"host", "accept", "accept-encoding", "connection", "user-agent"}


def test_head_range_and_tag_work(plain: Proxy, direct: httpx.Client, made: str) -> None:
    path, query = f"/v1/videos/{made}/content", {"variant": "thumbnail"}
    whole_picture = direct.get(path, params=query)
    length, tag = whole_picture.headers["content-length"], whole_picture.headers["etag"]
    head = direct.head(path, params=query)
    assert (head.status_code, head.content) == (200, b"")
    assert (head.headers["content-length"], head.headers["etag"]) == (length, tag)
    part = direct.get(path, params=query, headers={"Range": "bytes=10-19", "If-Range": tag})
    assert (part.status_code, part.content) == (206, whole_picture.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{length}"
    error = error_of(direct.get(path, params=query, headers={"Range": f"bytes={length}-"}), 416)
    assert error["code"] == "invalid_range"
    request = f"GET {path}?variant=thumbnail HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: {tag}\r\n"
    unchanged = raw(plain.port, f"{request}Connection: close\r\n\r\n".encode())
    assert unchanged.startswith(b"HTTP/1.1 304 Not Modified\r\n")
    assert unchanged.endswith(b"\r\n\r\n")


def test_they_are_private_like_the_video(direct: httpx.Client, made: str) -> None:
    headers = direct.get(f"/v1/videos/{made}/content", params={"variant": "thumbnail"}).headers
    assert headers["cache-control"] == "private, no-store"
    assert headers["x-content-type-options"] == "nosniff"
    # Nothing of the file store's own comes along.
    assert set(headers) <= {
        *("content-type", "content-length", "accept-ranges", "etag"),
        *("cache-control", "x-content-type-options", "x-request-id", "date"),
    }


@pytest.mark.parametrize(("prompt", "status"), [("[slow] not yet", 404), ("[fail]", 400)])
def test_a_video_without_content_has_no_pictures(direct: httpx.Client, prompt: str, status: int) -> None:
    video_id = direct.post("/v1/videos", json={"prompt": prompt}).json()["id"]
    if status == 400:
        finished(direct, video_id)
    path = f"/v1/videos/{video_id}/content"
    video = error_of(direct.get(path), status)
    assert error_of(direct.get(path, params={"variant": "thumbnail"}), status) == video


@pytest.mark.slow
def test_without_the_extra_it_says_what_to_install(
    folder: Folders, sandbox_server: SandboxServer, tmp_path: Path
) -> None:
    # As if it were not installed.
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['av'] = None\n")
    with Proxy(folder(), env={"PYTHONPATH": str(tmp_path)}, **sandbox_server.options()) as proxy:
        with web(proxy.url) as web_client:
            video_id = web_client.post("/v1/videos", json={"prompt": "plain"}).json()["id"]
            finished(web_client, video_id)
            assert web_client.get(f"/v1/videos/{video_id}/content").status_code == 200
        with pytest.raises(openai.BadRequestError, match="pip install 'av>=14,<20'"):
            client(proxy.base_url).videos.download_content(video_id, variant="thumbnail")
        whole(proxy)

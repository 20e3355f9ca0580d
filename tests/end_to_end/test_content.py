"""A video's bytes through the proxy: ranges, HEAD, what goes to the file store and what comes back."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from asking import finished, peak_memory, web
from end_to_end.conftest import Folders, whole
from running import Proxy
from sandbox_server import SandboxServer


@pytest.fixture(scope="module")
def done(direct: httpx.Client) -> str:
    """The path of a finished video's content."""
    made = direct.post("/v1/videos", json={"prompt": "content", "size": "1280x720"}).json()["id"]
    finished(direct, made)
    return f"/v1/videos/{made}/content"


@pytest.fixture(scope="module")
def clip(sandbox_server: SandboxServer) -> bytes:
    return sandbox_server.sandbox.clips[False].read()


def test_content_is_the_whole_clip_with_its_headers(direct: httpx.Client, done: str, clip: bytes) -> None:
    response = direct.get(done)
    assert response.status_code == 200
    assert response.content == clip
    assert response.headers["content-type"] == "video/mp4"
    assert response.headers["content-length"] == str(len(clip))
    assert response.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=1000-1999", 1000, 2000), ("bytes=-10", -10, None)],
)
def test_ranges_of_content_are_served(
    direct: httpx.Client, done: str, clip: bytes, wanted: str, start: int, stop: int | None
) -> None:
    response = direct.get(done, headers={"Range": wanted})
    assert response.status_code == 206
    assert response.content == clip[start:stop]


def test_range_behind_the_end_is_a_416(direct: httpx.Client, done: str, clip: bytes) -> None:
    response = direct.get(done, headers={"Range": f"bytes={len(clip)}-"})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{len(clip)}"


def test_a_download_is_resumed_only_if_it_is_the_same(direct: httpx.Client, done: str, clip: bytes) -> None:
    etag = direct.head(done).headers["etag"]
    same = direct.get(done, headers={"Range": "bytes=5-", "If-Range": etag})
    assert (same.status_code, same.content) == (206, clip[5:])
    other = direct.get(done, headers={"Range": "bytes=5-", "If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, clip)


def test_head_of_content_has_the_length_and_no_body(direct: httpx.Client, done: str, clip: bytes) -> None:
    response = direct.head(done)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-length"] == str(len(clip))
    assert response.headers["content-type"] == "video/mp4"


def test_variant_video_is_the_video_itself(direct: httpx.Client, done: str, clip: bytes) -> None:
    assert direct.get(done, params={"variant": "video"}).content == clip


def test_file_store_gets_nothing_of_the_client_but_the_range(
    direct: httpx.Client, sandbox_server: SandboxServer, done: str
) -> None:
    headers = {
        "Authorization": "Bearer sk-of-the-application",
        "Cookie": "session=secret",
        "X-Stainless-Lang": "python",
        "If-None-Match": '"x"',
        "Range": "bytes=7-9",
    }
    before = len(sandbox_server.seen("GET", "/outputs/"))
    assert direct.get(done, headers=headers).status_code == 206
    # A probe of one byte may stand before it.
    (*_, last) = sandbox_server.seen("GET", "/outputs/")[before:]
    assert last.headers["range"] == "bytes=7-9"
    assert set(last.headers) <= {"host", "range", "if-range", "connection", "accept-encoding"}


def test_only_headers_that_describe_the_bytes_reach_the_client(direct: httpx.Client, done: str) -> None:
    names = set(direct.get(done).headers)
    assert names <= {
        *("content-type", "content-length", "accept-ranges", "etag", "last-modified", "connection"),
        *("cache-control", "x-content-type-options", "date", "x-request-id"),
        *("x-runway-model", "x-runway-size"),
    }


def test_one_client_connection_serves_polls_and_downloads_in_turn(
    plain: Proxy, done: str, clip: bytes
) -> None:
    with web(plain.url, limits=httpx.Limits(max_connections=1)) as one:
        for _ in range(3):
            assert one.get(done).content == clip
            assert one.get(done.removesuffix("/content")).json()["status"] == "completed"
            assert one.get("/v1/models").json()["origin"] is True


@pytest.fixture(scope="module")
def large(folder: Folders) -> Iterator[tuple[Proxy, str]]:
    """A proxy whose videos have 100 MB, and the path of one."""
    with (
        SandboxServer(video_bytes=100_000_000) as sandbox_server,
        Proxy(folder(), **sandbox_server.options()) as proxy,
        web(proxy.url) as client,
    ):
        made = client.post("/v1/videos", json={"prompt": "large"}).json()["id"]
        finished(client, made)
        yield proxy, f"/v1/videos/{made}/content"
        whole(proxy)


def test_a_large_video_streams_with_flat_memory(large: tuple[Proxy, str]) -> None:
    proxy, path = large
    with web(proxy.url) as client:
        client.get(path, headers={"Range": "bytes=0-99999"})
        before = peak_memory(proxy.child.pid, reset=True)
        size = 0
        with client.stream("GET", path) as response:
            assert response.headers["content-length"] == "100000000"
            for piece in response.iter_raw():
                size += len(piece)
        assert size == 100_000_000
    assert peak_memory(proxy.child.pid) - before < 32 << 20


def test_a_client_that_leaves_stops_the_download(large: tuple[Proxy, str]) -> None:
    proxy, path = large
    with web(proxy.url) as client, client.stream("GET", path) as response:
        next(response.iter_raw())
    with web(proxy.url) as client:
        assert client.head(path).status_code == 200

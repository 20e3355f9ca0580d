"""What one caller's bodies may hold: cut while they come, counted together, freed when it leaves."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from asking import curl, error_of, needs_curl, peak_memory, until, web
from boxes import Box
from end_to_end.conftest import Folders, whole
from running import Proxy

MEGABYTE = b"x" * (1 << 20)
LIMIT = 16
HEAD = (
    "POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Content-Length: {}\r\n\r\n"
)


@pytest.fixture
def proxy(folder: Folders, box: Box) -> Iterator[Proxy]:
    with Proxy(folder(), **box.options(), runway_max_body=f"{LIMIT}m") as proxy:
        yield proxy
        whole(proxy)


def resident(proxy: Proxy) -> int:
    """Bytes of memory that the proxy has now."""
    return peak_memory(proxy.child.pid, reset=True)


def test_a_body_of_unknown_length_is_not_held_beyond_the_limit(proxy: Proxy) -> None:
    before = resident(proxy)
    with web(proxy.url) as client:
        answer = client.post("/v1/videos", content=(MEGABYTE for _ in range(2 * LIMIT - 1)))
        assert error_of(answer, 413)["code"] == "request_too_large"
        assert client.post("/v1/videos", json={"prompt": "a fox"}).status_code == 200
    assert peak_memory(proxy.child.pid) - before < 2 * LIMIT << 20


@needs_curl
def test_nor_with_http2(proxy: Proxy, tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(MEGABYTE * (2 * LIMIT - 1))
    before = resident(proxy)
    unknown = ["--http2", "-k", "-X", "POST", "-H", "Content-Length:", "-T", str(tmp_path / "body")]
    url = f"https://127.0.0.1:{proxy.port}/v1/videos"
    done = curl(url, *unknown, "-w", "\n%{http_version} %{http_code}")
    body, _, end = done.stdout.decode().rpartition("\n")
    assert end == "2 413"
    size = re.search(r"The request is (\d+) bytes long", body)
    assert size is not None
    assert LIMIT << 20 < int(size[1]) < (LIMIT + 1) << 20
    assert peak_memory(proxy.child.pid) - before < 2 * LIMIT << 20


def test_a_body_without_end_is_cut(proxy: Proxy) -> None:
    before = resident(proxy)
    with web(proxy.url) as client, pytest.raises(httpx.TransportError):
        client.post("/v1/videos", content=(MEGABYTE for _ in range(40 * LIMIT)))
    assert peak_memory(proxy.child.pid) - before < 2 * LIMIT << 20


def test_bodies_in_flight_are_counted_together(proxy: Proxy) -> None:
    size = LIMIT << 20
    with web(proxy.url) as client:
        slow = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(8)]
        for each in slow:
            each.sendall(HEAD.format(size).encode() + b"{")
        body = b'{"prompt": "a fox", "user": "%s"}' % (b"x" * 4096)

        def refused() -> httpx.Response | None:
            answer = client.post("/v1/videos", content=body)
            return answer if answer.status_code == 429 else None

        answer = until(refused, "a refusal")
        error = error_of(answer, 429)
        assert error["code"] == "too_many_bytes_in_flight"
        assert int(answer.headers["retry-after"]) > 0
        slow[0].close()
        until(lambda: client.post("/v1/videos", content=body).status_code == 200 or None, "room again")
        for each in slow:
            each.close()


def test_uploads_that_hang_up_are_freed_at_once(proxy: Proxy) -> None:
    def hang_up(sent: int) -> None:
        with socket.create_connection(("127.0.0.1", proxy.port)) as caller:
            caller.sendall(HEAD.format(LIMIT << 20).encode())
            for _ in range(sent):
                caller.sendall(MEGABYTE)

    hang_up(LIMIT - 1)
    with web(proxy.url) as client:
        client.get("/v1/videos/x")
        before = resident(proxy)
        for _ in range(30):
            hang_up(LIMIT - 1)
            client.get("/v1/videos/x")
    assert peak_memory(proxy.child.pid) - before < 4 * LIMIT << 20


def test_uploads_that_are_answered_are_freed_soon(proxy: Proxy) -> None:
    body = b'{"prompt": "a fox", "user": "%s"}' % (b"x" * ((LIMIT - 1) << 20))
    with web(proxy.url) as client:

        def upload() -> None:
            assert client.post("/v1/videos", content=body).status_code == 200

        upload()
        before = resident(proxy)
        for _ in range(20):
            upload()
        until(lambda: resident(proxy) - before < 4 * LIMIT << 20 or None, "the memory")

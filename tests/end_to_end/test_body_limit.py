"""Bodies are bounded while they come, however they come, and gone when their client is."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from asking import curl, error_of, needs_curl, peak_memory, until, web
from end_to_end.conftest import Folders, whole
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

MIB = 1 << 20
LIMIT = 8 * MIB


@pytest.fixture(scope="module")
def proxy(folder: Folders, sandbox_server: SandboxServer) -> Iterator[Proxy]:
    callers = [
        json.dumps({"name": "app", "value": "tok_of_app"}),
        json.dumps({"name": "b", "value": "tok_of_b"}),
    ]
    with Proxy(folder(), **sandbox_server.options(), runway_callers=callers, runway_max_body="8m") as proxy:
        yield proxy
        whole(proxy)


def pieces(size: int) -> Iterator[bytes]:
    yield b'{"prompt": "'
    for _ in range(size // MIB):
        yield b" " * MIB
    yield b'"}'


def client(proxy: Proxy) -> httpx.Client:
    return web(proxy.url, headers={"Authorization": "Bearer tok_of_app"})


def test_a_chunked_body_over_the_limit_is_refused_in_words_and_not_kept(proxy: Proxy) -> None:
    before = peak_memory(proxy.child.pid, reset=True)
    with client(proxy) as app:
        for _ in range(4):
            answer = app.post("/v1/videos", content=pieces(LIMIT + 4 * MIB))
            assert error_of(answer, 413)["code"] == "request_too_large"
    assert peak_memory(proxy.child.pid) < before + 2 * LIMIT + 8 * MIB


@needs_curl
@pytest.mark.parametrize("version", ["1.1", "2"])
def test_in_a_tunnel_too(proxy: Proxy, tmp_path: Path, version: str) -> None:
    if version == "2" and b"HTTP2" not in curl("--version").stdout:
        pytest.skip("this curl has no HTTP/2")
    (tmp_path / "body").write_bytes(b"".join(pieces(LIMIT + 4 * MIB)))
    unannounced = "Transfer-Encoding: chunked" if version == "1.1" else "Content-Length:"
    before = peak_memory(proxy.child.pid, reset=True)
    for _ in range(4):
        done = curl(
            *(f"--http{version}", "-x", proxy.url, "--cacert", str(proxy.ca), "-X", "POST"),
            *("-H", "Authorization: Bearer tok_of_app", "-H", unannounced, "-H", "Expect:"),
            *("-T", str(tmp_path / "body"), "-w", " %{http_code} %{http_version}"),
            "https://api.openai.com/v1/videos",
        )
        assert done.stdout.decode().endswith(f" 413 {version}"), done
        assert b"request_too_large" in done.stdout
    assert peak_memory(proxy.child.pid) < before + 2 * LIMIT + 8 * MIB


def test_one_without_end_is_cut(proxy: Proxy) -> None:
    before = peak_memory(proxy.child.pid, reset=True)
    with client(proxy) as app, pytest.raises(httpx.TransportError):
        app.post("/v1/videos", content=pieces(64 * LIMIT))
    assert peak_memory(proxy.child.pid) < before + 2 * LIMIT + 8 * MIB


def test_what_is_refused_by_its_headers_is_not_kept_either(proxy: Proxy) -> None:
    before = peak_memory(proxy.child.pid, reset=True)
    with client(proxy) as app:
        assert app.delete("/v1/videos/video_rw" + "A" * 60).status_code == 404
        answer = app.request("PUT", "/v1/videos", content=pieces(LIMIT + 4 * MIB))
    assert answer.status_code in (404, 405)
    assert peak_memory(proxy.child.pid) < before + LIMIT + 4 * MIB


def begin(proxy: Proxy, size: int, token: str = "tok_of_app") -> socket.socket:
    """An upload of a whole `LIMIT` of which `size` bytes have been sent."""
    upload = socket.create_connection(("127.0.0.1", proxy.port))
    head = (
        f"POST /v1/videos HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {LIMIT}\r\n\r\n"
    )
    upload.sendall(head.encode() + b" " * size)
    return upload


def unread(port: int) -> int:
    """Bytes that have come for the connections of a port and that its process has not read."""
    table = Path("/proc/net/tcp")
    if not table.exists():
        pytest.skip("there is no /proc here to tell what has been read")
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return sum(int(row[4].partition(":")[2], 16) for row in rows if row[1].endswith(f":{port:04X}"))


def test_uploads_that_are_hung_up_leave_nothing(proxy: Proxy) -> None:
    with client(proxy) as app:
        app.get("/v1/videos/video_rwx")
        before = peak_memory(proxy.child.pid, reset=True)
        for _ in range(24):
            begin(proxy, LIMIT - 1).close()
            app.get("/v1/videos/video_rwx")
    assert peak_memory(proxy.child.pid) < before + 4 * LIMIT


def test_a_caller_s_uploads_are_bounded_together_and_another_s_are_not_touched(proxy: Proxy) -> None:
    uploads: list[socket.socket] = []
    threads = [threading.Thread(target=lambda: uploads.append(begin(proxy, LIMIT - 1))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        body = {"model": "runway/gen4.5", "prompt": "x" * 500}
        with client(proxy) as app, web(proxy.url, headers={"Authorization": "Bearer tok_of_b"}) as other:
            until(lambda: unread(proxy.port) == 0 or None, "the uploads to be read")
            answer = app.post("/v1/videos", json=body)
            assert error_of(answer, 429)["code"] == "too_many_bytes_in_flight"
            assert int(answer.headers["retry-after"]) > 0
            assert other.post("/v1/videos", json=body).status_code == 200
            for upload in uploads:
                upload.close()
            made = until(lambda: (app.post("/v1/videos", json=body).status_code == 200) or None, "room")
            assert made
    finally:
        for upload in uploads:
            upload.close()


def test_uploads_that_are_answered_are_freed_soon(proxy: Proxy) -> None:
    body = json.dumps({"prompt": "a fox", "user": "x" * (LIMIT - MIB)}).encode()

    def upload() -> None:
        assert app.post("/v1/videos", content=body).status_code == 200

    with client(proxy) as app:
        upload()
        before = peak_memory(proxy.child.pid, reset=True)
        for _ in range(24):
            upload()
        # Not when a garbage collection comes: nothing more is asked.
        until(lambda: peak_memory(proxy.child.pid, reset=True) < before + 4 * LIMIT or None, "the memory")

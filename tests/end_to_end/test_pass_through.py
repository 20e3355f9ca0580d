"""Other traffic: byte for byte, and where calls go that are addressed to the proxy itself."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from asking import error_of, web
from end_to_end.conftest import Folders, whole
from origins import Origin
from running import Proxy
from sandbox_server import SandboxServer

# What a careful proxy must not touch: odd case, order, empty and repeated headers, bytes of a body.
REQUEST = (
    b"POST /v1/chat/completions?q=%2Fa&&b HTTP/1.1\r\nhOsT: @\r\nX-Two: 1\r\nAccept: */*\r\nX-Two: 2\r\n"
    b"Authorization: Bearer sk-of-the-application\r\nX-Empty: \r\ncontent-LENGTH: 7\r\n\r\n{\x00\xff\r\n}\n"
)
RESPONSE = (
    b"HTTP/1.1 418 I'm a Teapot\r\nx-Odd: \xe9\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nDATE: never\r\n"
    b"Content-Type: text/x-odd\r\nContent-Length: 9\r\nX-Last: \r\n\r\n\x00\x01\xff\r\n\r\nab"
)


class RawServer:
    """Takes one request, known by its last bytes, and answers with known bytes."""

    def __init__(self, last: bytes, answer: bytes) -> None:
        self.received = b""
        self._last, self._answer = last, answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, self._listener:
            while not self.received.endswith(self._last) and (piece := connection.recv(65_536)):
                self.received += piece
            connection.sendall(self._answer)

    def join(self) -> None:
        self._thread.join(30)


@pytest.fixture(scope="module")
def forward(plain: Proxy) -> Iterator[httpx.Client]:
    with httpx.Client(proxy=plain.url, trust_env=False, timeout=60) as client:
        yield client


def test_other_traffic_through_the_proxy_is_byte_for_byte_the_same(plain: Proxy) -> None:
    server = RawServer(b"\n{\x00\xff\r\n}\n", RESPONSE)
    host = b"127.0.0.1:%d" % server.port
    request = REQUEST.replace(b"@", host)
    absolute = request.replace(b"POST /", b"POST http://" + host + b"/")
    with socket.create_connection(("127.0.0.1", plain.port), timeout=30) as connection:
        connection.sendall(absolute)
        answer = b""
        while len(answer) < len(RESPONSE) and (piece := connection.recv(65_536)):
            answer += piece
    server.join()
    assert server.received == request
    assert answer == RESPONSE


def test_other_traffic_in_a_tunnel_is_byte_for_byte_the_same(plain: Proxy) -> None:
    # Neither TLS nor HTTP: mitmproxy passes it on as TCP.
    server = RawServer(b"\x80\x00\r\n", b"\x00pong")
    with socket.create_connection(("127.0.0.1", plain.port), timeout=30) as connection:
        target = b"127.0.0.1:%d" % server.port
        connection.sendall(b"CONNECT " + target + b" HTTP/1.1\r\nHost: " + target + b"\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"\x80\x00\r\n")
        answer = b""
        while len(answer) < 5 and (piece := connection.recv(65_536)):
            answer += piece
    server.join()
    assert (server.received, answer) == (b"\x80\x00\r\n", b"\x00pong")


@pytest.mark.parametrize("addressed", ["to another host", "to the proxy"])
def test_web_sockets_pass_through(
    plain: Proxy, folder: Folders, sandbox_server: SandboxServer, addressed: str
) -> None:
    # The handshake of RFC 6455, 1.3, and a text from the server behind it.
    answer = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x02hi"
    )
    server = RawServer(b"\r\n\r\n", answer)
    with contextlib.ExitStack() as stack:
        proxy, host = plain, f"http://127.0.0.1:{server.port}"
        if addressed == "to the proxy":
            options = {**sandbox_server.options(), "runway_fallback": host}
            proxy, host = stack.enter_context(Proxy(folder(), **options)), ""
        head = (
            f"GET {host}/v1/realtime HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", proxy.port), timeout=30))
        connection.sendall(head.encode())
        received = b""
        while b"\x81\x02hi" not in received and (piece := connection.recv(65_536)):
            received += piece
    assert received.startswith(b"HTTP/1.1 101 ")
    # The server's end of the connection may come in the same piece.
    assert received.partition(b"\r\n\r\n")[2].startswith(b"\x81\x02hi")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
@pytest.mark.parametrize(
    "path", ["/", "/v1/models", "/v1/video", "/v1/videosx", "/v2/videos", "/files/videos"]
)
def test_paths_that_only_resemble_v1_videos_pass_through(
    forward: httpx.Client, origin: Origin, method: str, path: str
) -> None:
    answer = forward.request(method, origin.url + path)
    assert answer.status_code == 200
    asked = origin.requests[-1]
    assert (asked.method, asked.path) == (method, path)


@pytest.mark.parametrize("path", ["/", "/v1/models", "/v1/videosx"])
@pytest.mark.parametrize("sign", [{"Origin": "http://a.example"}, {"Via": "1.1 x"}], ids=str)
def test_nor_does_it_pass_for_somebody_else(
    forward: httpx.Client, origin: Origin, path: str, sign: dict[str, str]
) -> None:
    before = len(origin.requests)
    assert "runway_callers" in error_of(forward.get(origin.url + path, headers=sign), 403)["message"]
    assert len(origin.requests) == before


def test_compressed_answers_stay_compressed(forward: httpx.Client, origin: Origin) -> None:
    packed = b"\x1f\x8b not even gzip"
    origin.routes["/packed"] = lambda exchange: exchange.reply(200, packed, Content_Encoding="gzip")
    with forward.stream("GET", f"{origin.url}/packed") as answer:
        assert b"".join(answer.iter_raw()) == packed


# Addressed to the proxy itself: one base URL for chat and video


def test_other_calls_go_to_the_fallback(direct: httpx.Client, origin: Origin) -> None:
    body = b'{"model": "gpt-x"}'
    headers = {"Authorization": "Bearer sk-of-the-application", "X-Own": "1"}
    answer = direct.post("/v1/chat/completions?fallback=1", content=body, headers=headers)
    assert answer.json()["origin"] is True
    (asked,) = origin.asked("/v1/chat/completions?fallback=1")
    assert asked.body == body
    assert asked.headers["host"] == f"127.0.0.1:{origin.port}"
    assert {name: asked.headers[name.lower()] for name in headers} == headers


@pytest.mark.slow
def test_a_fallback_with_a_path_of_its_own(
    folder: Folders, sandbox_server: SandboxServer, origin: Origin
) -> None:
    fallback = f"{origin.url}/gateway/"
    with (
        Proxy(folder(), **sandbox_server.options(), runway_fallback=fallback) as proxy,
        web(proxy.url) as client,
    ):
        assert client.get("/v1/models?x=1").json()["path"] == "/gateway/v1/models?x=1"
        whole(proxy)


@pytest.mark.parametrize("video_id", ["abc", "video_123", "video_RW", "%20"])
def test_an_id_without_our_mark_is_not_ours(direct: httpx.Client, video_id: str) -> None:
    # Addressed to the proxy it is nobody's: OpenAI has no videos to ask for any more.
    error = error_of(direct.get(f"/v1/videos/{video_id}"), 404)
    assert error["message"]


def test_a_model_that_is_not_ours_is_a_404_that_names_ours(direct: httpx.Client, origin: Origin) -> None:
    before = len(origin.requests)
    error = error_of(direct.post("/v1/videos", json={"prompt": "x", "model": "kling-9"}), 404)
    assert (error["code"], error["param"]) == ("model_not_found", "model")
    for name in ("sora-2", "gen4.5", "veo3.1", "runway/"):
        assert name in error["message"]
    assert len(origin.requests) == before


@pytest.mark.slow
def test_other_calls_without_a_fallback_are_a_404(folder: Folders, sandbox_server: SandboxServer) -> None:
    with (
        Proxy(folder(), **sandbox_server.options(), runway_fallback="none") as proxy,
        web(proxy.url) as client,
    ):
        error = error_of(client.get("/v1/files"), 404)
        assert error["code"] == "unknown_url"
        assert "runway_fallback" in error["message"]
        # A loopback client may still use it as a proxy.
        with Origin() as origin, httpx.Client(proxy=proxy.url, trust_env=False) as forward:
            assert forward.get(f"{origin.url}/").json()["origin"] is True
        whole(proxy)


def test_addressed_to_its_own_name_as_a_proxy(plain: Proxy, forward: httpx.Client, origin: Origin) -> None:
    # Proxy settings that reach the proxy's own address too: no loop, the same as without.
    assert forward.get(f"{plain.url}/v1/models?own=1").json()["origin"] is True
    assert origin.asked("/v1/models?own=1")

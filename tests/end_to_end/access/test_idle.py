"""Connections on which nothing is let in end by themselves; those of whoever is served live on."""

from __future__ import annotations

import contextlib
import socket
import threading
from contextlib import ExitStack

import pytest

from end_to_end.access.modes import BEARER, TOKEN, VIDEO_HOST, FarEnds, ManyModes
from origins import PATIENCE_SECONDS, Exchange
from wire import connect, send

pytestmark = pytest.mark.slow

KNOWN = (BEARER, ("Content-Type", "application/json"))


def ended(connection: socket.socket) -> bool:
    """Whether the other side ends the connection; TimeoutError where it leaves it open."""
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(65_536):
            pass
    return True


def is_cut_off(connection: socket.socket, piece: bytes, times: int) -> bool:
    """Whether the other side ends the connection before it has taken all of this."""
    try:
        for _ in range(times):
            connection.sendall(piece)
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False


def test_half_requests_and_silence(closed: ManyModes) -> None:
    address = closed.at("regular")
    with ExitStack() as stack:
        silent, begun, refused, half, tunnel, served = (
            stack.enter_context(connect(address)) for _ in range(6)
        )
        begun.sendall(b"POST /v1/videos HTTP/1.1\r\nHost: ")
        assert send(refused, "GET", "/v1/videos/video_rw_x", "localhost").status == 401
        half.sendall(b"POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
        assert send(tunnel, "CONNECT", f"{VIDEO_HOST}:443", f"{VIDEO_HOST}:443").status == 200
        assert send(served, "POST", "/v1/videos", "localhost", KNOWN, b'{"prompt": "served"}').status == 200
        for each in (silent, begun, refused, half, tunnel):
            assert ended(each)
        # As old as the others, and idle since.
        assert send(served, "POST", "/v1/videos", "localhost", KNOWN, b'{"prompt": "again"}').status == 200


def test_headers_without_end(closed: ManyModes) -> None:
    with connect(closed.at("regular")) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(64):
                connection.sendall(bytes(1 << 20))
        assert ended(connection)


CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
KNOWN_HEAD = f"POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n".encode()


@pytest.mark.parametrize(
    ("mode", "begin"),
    [
        ("reverse", b"GET /silent HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("reverse", b"POST /silent HTTP/1.1\r\nHost: localhost\r\n" + CHUNKED + b"5;a="),
        ("regular", KNOWN_HEAD + CHUNKED + b"5;a="),
        ("regular", KNOWN_HEAD + CHUNKED + b"0\r\nX: "),
    ],
    ids=["after a request", "a chunk's head", "a caller's chunk's head", "a caller's trailers"],
)
def test_what_is_kept_until_it_is_whole(closed: ManyModes, ends: FarEnds, mode: str, begin: bytes) -> None:
    answered = threading.Event()

    def silent(exchange: Exchange) -> None:
        answered.wait(PATIENCE_SECONDS)
        exchange.reply(200, b"{}")

    ends.target.routes["/silent"] = silent
    try:
        with connect(closed.at(mode)) as connection:
            connection.sendall(begin)
            assert is_cut_off(connection, bytes(1 << 20), 64)
    finally:
        answered.set()


def test_a_tls_handshake_whose_first_message_does_not_end(closed: ManyModes) -> None:
    with connect(closed.at("regular")) as connection:
        # It says that it is 16 MiB long, and comes in records of one byte.
        connection.sendall(b"\x16\x03\x01\x00\x04\x01\xff\xff\xff")
        assert is_cut_off(connection, b"\x16\x03\x01\x00\x01\x00" * 1_000, 1_000)

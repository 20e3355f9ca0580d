"""Connections on which nothing is let in end by themselves; those of whoever is served live on."""

from __future__ import annotations

import contextlib
import socket
from contextlib import ExitStack

import pytest

from end_to_end.access.modes import BEARER, VIDEO_HOST, ManyModes
from wire import connect, send

pytestmark = pytest.mark.slow

KNOWN = (BEARER, ("Content-Type", "application/json"))


def ended(connection: socket.socket) -> bool:
    """Whether the other side ends the connection; TimeoutError where it leaves it open."""
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(65_536):
            pass
    return True


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

"""HTTP/1 as it stands on the wire: requests that no client library would send."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterable
from http.client import HTTPException, HTTPResponse
from typing import Any, NamedTuple

from asking import PATIENCE_SECONDS

type Address = tuple[str, int]
type Headers = Iterable[tuple[str, str]]


class Answer(NamedTuple):
    """What came back; the status is 0 where the connection was closed without an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def error(self) -> dict[str, Any]:
        """The error in OpenAI's shape."""
        found: dict[str, Any] = self.json["error"]
        assert set(found) == {"message", "type", "param", "code"}
        return found


CLOSED = Answer(0, {}, b"")


def connect(address: Address) -> socket.socket:
    return socket.create_connection(address, timeout=PATIENCE_SECONDS)


def send(
    connection: socket.socket,
    method: str,
    target: str,
    host: str | None,
    headers: Headers = (),
    body: bytes = b"",
    version: str = "1.1",
) -> Answer:
    """One request over an open connection, with just these headers and the body's length."""
    lines = [f"{method} {target} HTTP/{version}"]
    lines += [f"Host: {host}"] if host is not None else []
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Length: {len(body)}"] if body else []
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
    response = HTTPResponse(connection, method=method)
    try:
        response.begin()
        # What follows a tunnel's or a web socket's head is no body.
        ends = response.status != 101 and (method, response.status) != ("CONNECT", 200)
        content = response.read() if ends else b""
    except (ConnectionError, HTTPException):
        return CLOSED
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)


def ask(
    address: Address,
    method: str,
    target: str,
    host: str | None = "127.0.0.1",
    headers: Headers = (),
    body: bytes = b"",
    version: str = "1.1",
) -> Answer:
    """One request over a connection of its own."""
    with connect(address) as connection:
        return send(connection, method, target, host, headers, body, version)


def through_tunnel(address: Address, host: str, data: bytes, headers: Headers = ()) -> bytes:
    """What comes back first for `data` through a CONNECT to `host`; nothing where it was refused."""
    with connect(address) as connection:
        if send(connection, "CONNECT", host, host, headers).status != 200:
            return b""
        try:
            connection.sendall(data)
            return connection.recv(65_536)
        except ConnectionError:
            return b""

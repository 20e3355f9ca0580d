"""Where forwarded traffic arrives that is no plain HTTP request: a proxy's proxy, a web socket, raw TCP."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import threading
from collections.abc import Sequence

import httpx

from origins import Asked, Exchange, Origin, Server

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

#: Headers that ask for a web socket.
WEB_SOCKET = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
)


def web_socket(exchange: Exchange) -> None:
    """A route that opens a web socket, and closes it at once."""
    key = exchange.asked.headers["sec-websocket-key"]
    accept = base64.b64encode(hashlib.sha1((key + _MAGIC).encode()).digest()).decode()
    exchange.send_response(101)
    for name, value in (
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept),
    ):
        exchange.send_header(name, value)
    exchange.end_headers()
    exchange.close_connection = True


class RawServer:
    """Takes connections that are not HTTP: remembers what came first, and answers `pong`."""

    def __init__(self, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.received: list[bytes] = []
        self._socket = socket.create_server(address)
        self.address = f"{address[0]}:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                # A connection alone, without a byte, is a hole too.
                self.received.append(b"")
                self.received[-1] = connection.recv(65_536)
                connection.sendall(b"pong")

    def __enter__(self) -> RawServer:
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone does not wake the thread that waits for a connection.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)


class _Relaying(Exchange):
    """A proxy's connection: CONNECT goes through, everything else is answered here."""

    def do_CONNECT(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        assert isinstance(self.server, Server)
        self.server.origin.requests.append(Asked("CONNECT", self.path, headers, b""))
        self.connect(headers)

    def connect(self, headers: dict[str, str]) -> None:
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as far:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_copy, args=(far, self.connection), daemon=True)
            back.start()
            _copy(self.connection, far)
            back.join(10)
        self.close_connection = True


def _copy(source: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            to.sendall(data)
    with contextlib.suppress(OSError):
        to.shutdown(socket.SHUT_WR)


def next_proxy() -> Origin:
    """A proxy that `--mode upstream:` names; it remembers all that it was asked."""
    return Origin(exchange=_Relaying)


class PasswordProxy:
    """An outbound proxy that serves only who has its password; it remembers all that it was asked.

    `faults`: what it answers in place of the next requests, as status and body.
    """

    def __init__(self, user: str, password: str) -> None:
        self.credentials = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.faults: list[tuple[int, bytes]] = []
        self.client = httpx.Client(trust_env=False, timeout=60)
        proxy = self

        class Asking(_Relaying):
            def connect(self, headers: dict[str, str]) -> None:
                if proxy.lets_in(self, headers):
                    super().connect(headers)

            def handle_any(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", "0")))
                assert isinstance(self.server, Server)
                self.server.origin.requests.append(Asked(self.command, self.path, headers, body))
                if not proxy.lets_in(self, headers):
                    return
                del headers["proxy-authorization"]
                answer = proxy.client.request(self.command, self.path, headers=headers, content=body)
                kind = answer.headers.get("content-type", "application/json")
                self.reply(answer.status_code, answer.content, kind)

            do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = handle_any

        self._origin = Origin(exchange=Asking)
        self.requests: Sequence[Asked] = self._origin.requests
        self.address = f"127.0.0.1:{self._origin.port}"

    def lets_in(self, exchange: Exchange, headers: dict[str, str]) -> bool:
        """Whether this request goes on; else it is answered."""
        right = headers.get("proxy-authorization") == self.credentials
        if right and not self.faults:
            return True
        status, body = self.faults.pop(0) if right else (407, b"the password, please")
        headers = {"Proxy_Authenticate": 'Basic realm="out"', "Connection": "close"}
        exchange.reply(status, body, "text/plain", **headers)
        exchange.close_connection = True
        return False

    def __enter__(self) -> PasswordProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._origin.close()
        self.client.close()

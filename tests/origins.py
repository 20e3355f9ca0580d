"""HTTP servers for other traffic: on loopback, with a list of the requests that arrived."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

#: How long a server waits for its test, in seconds, before it fails.
PATIENCE_SECONDS = 30.0


class Asked(NamedTuple):
    """A request that arrived. Header names are in lower case; of repeated ones the last."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Exchange(BaseHTTPRequestHandler):
    """One connection. A route answers with `reply`, or writes to `wfile` itself."""

    protocol_version = "HTTP/1.1"
    asked: Asked

    def reply(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.begin(status, kind, content_length=str(len(body)), **headers)
        if self.command != "HEAD":
            self.wfile.write(body)

    def begin(self, status: int, kind: str, **headers: str) -> None:
        """Status and headers; `_` in a header's name is a dash."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        """One piece of an answer with `Transfer-Encoding: chunked`; an empty one ends it."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def handle_any(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.asked = Asked(self.command, self.path, headers, self._body(headers))
        assert isinstance(self.server, Server)
        origin = self.server.origin
        origin.requests.append(self.asked)
        route = origin.routes.get(self.path.partition("?")[0], echo)
        route(self)

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(headers.get("content-length", "0")))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = do_OPTIONS = handle_any

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a failing test shows what it needs."""


Route = Callable[[Exchange], None]


def echo(exchange: Exchange) -> None:
    """Answers with what arrived."""
    asked = exchange.asked
    body = {"origin": True, "method": asked.method, "path": asked.path, "length": len(asked.body)}
    exchange.reply(200, json.dumps(body).encode())


class Server(ThreadingHTTPServer):
    daemon_threads = True
    origin: Origin

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: in some tests clients disconnect."""


class _Server6(Server):
    address_family = socket.AF_INET6


class Origin:
    """An HTTP server. `routes` by path; every other path is echoed."""

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        exchange: type[Exchange] = Exchange,
        address: tuple[str, int] = ("127.0.0.1", 0),
    ) -> None:
        self.requests: list[Asked] = []
        self.routes: dict[str, Route] = {}
        self._server = (_Server6 if ":" in address[0] else Server)(address, exchange)
        self._server.origin = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://{address[0]}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def __enter__(self) -> Origin:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def asked(self, path: str) -> list[Asked]:
        """The requests so far whose path begins so."""
        return [each for each in self.requests if each.path.startswith(path)]

"""A raw HTTP/2 client over TLS, for what client libraries do but do not let a test do."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from types import TracebackType

import h2.connection
import h2.events
import msgspec
from h2.errors import ErrorCodes


class Http2Client:
    """One connection. `authority` is the host that its requests name."""

    def __init__(self, port: int, ca: Path) -> None:
        trust = ssl.create_default_context(cafile=ca)
        trust.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.authority = f"localhost:{port}"
        self.socket = trust.wrap_socket(plain, server_hostname="localhost")
        assert self.socket.selected_alpn_protocol() == "h2"
        self.h2 = h2.connection.H2Connection()
        self.h2.initiate_connection()
        self._flush()

    def __enter__(self) -> Http2Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def post(self, path: str, body: dict[str, str], **headers: str) -> int:
        """Sends a request; its stream's number."""
        data = msgspec.json.encode(body)
        number = self.h2.get_next_available_stream_id()
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        first = [(":method", "POST"), (":scheme", "https"), (":authority", self.authority), (":path", path)]
        length = [("content-type", "application/json"), ("content-length", str(len(data)))]
        self.h2.send_headers(number, first + length + named)
        self.h2.send_data(number, data, end_stream=True)
        self._flush()
        return number

    def reset(self, number: int) -> None:
        """Gives a request up, as client libraries do; comes back when the peer has seen it."""
        self.h2.reset_stream(number, ErrorCodes.CANCEL)
        self.h2.ping(b"was seen")
        self._flush()
        self._until(h2.events.PingAckReceived)

    def answer(self, number: int) -> bytes:
        """The body of a stream's answer."""
        body = b""
        while True:
            for event in self._until(h2.events.DataReceived, h2.events.StreamEnded):
                if getattr(event, "stream_id", None) != number:
                    continue
                if isinstance(event, h2.events.DataReceived):
                    body += event.data or b""
                elif isinstance(event, h2.events.StreamEnded):
                    return body

    def _until(self, *kinds: type[h2.events.Event]) -> list[h2.events.Event]:
        while True:
            events = self.h2.receive_data(self.socket.recv(65_536))
            self._flush()
            if any(isinstance(event, kinds) for event in events):
                return events

    def _flush(self) -> None:
        self.socket.sendall(self.h2.data_to_send())

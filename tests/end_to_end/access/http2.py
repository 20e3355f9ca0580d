"""HTTP/2 over TLS, frame by frame: bodies that no client library would send."""

from __future__ import annotations

import socket
import ssl
from types import TracebackType

import h2.config
import h2.connection
import h2.events

from asking import PATIENCE_SECONDS
from wire import Address, Headers, send


def unverified() -> ssl.SSLContext:
    """TLS whose certificate is not looked at."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Http2:
    """`with Http2(address)`: one connection; with `tunnel`, through a CONNECT to that host."""

    def __init__(self, address: Address, tunnel: str | None = None, headers: Headers = ()) -> None:
        plain = socket.create_connection(address, timeout=PATIENCE_SECONDS)
        if tunnel is not None:
            assert send(plain, "CONNECT", tunnel, tunnel, headers).status == 200
        context = unverified()
        context.set_alpn_protocols(["h2"])
        self._socket = context.wrap_socket(plain, server_hostname=(tunnel or "localhost").partition(":")[0])
        assert self._socket.selected_alpn_protocol() == "h2"
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=False))
        self._h2.initiate_connection()
        self._flush()

    def __enter__(self) -> Http2:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def _flush(self) -> None:
        self._socket.sendall(self._h2.data_to_send())

    def _events(self) -> list[h2.events.Event]:
        """What came; nothing where the connection was closed."""
        data = self._socket.recv(65_536)
        found: list[h2.events.Event] = self._h2.receive_data(data) if data else []
        self._flush()
        return found

    def begin(self, method: str, path: str, authority: str, headers: Headers = (), ends: bool = True) -> int:
        """Sends a request's headers; the stream."""
        stream: int = self._h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":scheme", "https"), (":authority", authority), (":path", path)]
        self._h2.send_headers(stream, [*pseudo, *((name.lower(), value) for name, value in headers)], ends)
        self._flush()
        return stream

    def ask(self, method: str, path: str, authority: str, headers: Headers = (), body: bytes = b"") -> int:
        """The status of a request; 0 where the stream or the connection was closed without one."""
        # As every client library does, though HTTP/2 needs none.
        length = [("content-length", str(len(body)))] if body else []
        headers = [*headers, *length]
        stream = self.begin(method, path, authority, headers, ends=not body)
        if body:
            self._h2.send_data(stream, body, end_stream=True)
            self._flush()
        status = 0
        while events := self._events():
            for event in events:
                if getattr(event, "stream_id", None) != stream:
                    continue
                if isinstance(event, h2.events.ResponseReceived):
                    status = int(dict(event.headers)[b":status"])
                elif isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
                    return status
        return status

    def pour(self, stream: int, most: int) -> int:
        """Sends zeros until the stream or the connection is closed, or `most` bytes have left; how many."""
        piece, sent = bytes(16_384), 0
        try:
            while sent < most:
                room = self._h2.local_flow_control_window(stream)
                if room < len(piece):
                    events = self._events()
                    if not events or any(_ends(event, stream) for event in events):
                        return sent
                    continue
                self._h2.send_data(stream, piece)
                self._flush()
                sent += len(piece)
        except (OSError, h2.exceptions.ProtocolError):
            pass
        return sent


def _ends(event: h2.events.Event, stream: int) -> bool:
    """Whether nothing more is read of the stream."""
    if isinstance(event, h2.events.StreamReset):
        return event.stream_id == stream
    return isinstance(event, h2.events.ConnectionTerminated)

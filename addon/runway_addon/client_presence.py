"""Whether a flow's client is still there, also where its connection stays open.

Over HTTP/2 a client gives one request up by resetting its stream. mitmproxy tells addons of that
only when their `request` hook has ended, so the stream itself is looked at.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence

from mitmproxy import ctx, http
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.connection import ConnectionState
from mitmproxy.proxy.layer import Layer
from mitmproxy.proxy.layers.http import HttpLayer
from mitmproxy.proxy.layers.http._http2 import Http2Connection


class ClientPresence:
    """Called, it tells whether the client has left, as far as can be seen.

    It holds the connection alone, not the flow and its body: it is asked after the flow's end too.
    """

    def __init__(self, flow: http.HTTPFlow) -> None:
        self._client = flow.client_conn
        self._flow = weakref.ref(flow)
        self._stream: tuple[weakref.ref[Http2Connection], int] | None = None

    def __call__(self) -> bool:
        if not self._client.state & ConnectionState.CAN_WRITE:
            return True
        flow = self._flow()
        # A stream that has been answered is closed too: then the connection alone tells.
        return flow is not None and flow.live and flow.request.is_http2 and self._is_reset(flow)

    def _is_reset(self, flow: http.HTTPFlow) -> bool:
        self._stream = self._stream or _stream_of(flow)
        if self._stream is None:
            return False
        connection = self._stream[0]()
        return connection is None or not connection.is_open_for_us(self._stream[1])


def _stream_of(flow: http.HTTPFlow) -> tuple[weakref.ref[Http2Connection], int] | None:
    """The client's HTTP/2 connection and the flow's stream in it."""
    servers = ctx.master.addons.get("proxyserver")
    handler = servers.connections.get(flow.client_conn.id) if isinstance(servers, Proxyserver) else None
    for layer in _http_layers(handler.layer.context.layers) if handler else ():
        for number, stream in layer.streams.items():
            if getattr(stream, "flow", None) is flow:
                connection = layer.connections.get(flow.client_conn)
                return (weakref.ref(connection), number) if isinstance(connection, Http2Connection) else None
    return None


def _http_layers(layers: Sequence[Layer]) -> Iterator[HttpLayer]:
    """The HTTP layers of a client connection: of a tunnel and of what is within it."""
    for layer in layers:
        if isinstance(layer, HttpLayer):
            yield layer
            for stream in layer.streams.values():
                # A stream's layers begin with its connection's own.
                yield from _http_layers(stream.context.layers[len(layers) :])

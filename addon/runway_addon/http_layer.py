"""How a request stood on the wire: mitmproxy's hooks come too late to see it, and too early for signed links.

Before its first hook mitmproxy fills the host in from the Host header, writes another Host into it
in reverse mode, and says nowhere whether an HTTP/2 request has a body. So its HTTP layer is
replaced by one that looks at each request first. It also puts signed links in, last of all,
and sends the answer that an addon has for a call that failed.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable

import msgspec
from mitmproxy import http
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator, Layer, NextLayer
from mitmproxy.proxy.layers import ClientTLSLayer
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode, HttpStream
from mitmproxy.proxy.layers.http._events import (
    RequestHeaders,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._http1 import Http1Server

from runway_addon import header_fields, listening
from runway_addon.redact import SignedLinks

#: The most that a client may send, in bytes, of what is kept until it is whole: a request's head, a chunk's
#: head and trailers, and what comes before the last request is answered. mitmproxy itself has no bound.
LARGEST_HEAD = 256 << 10
#: The most of a TLS handshake's first message, in bytes. mitmproxy takes up to 16 MiB, and reads all of it
#: anew for each piece that comes.
LARGEST_HELLO = 32 << 10


# Of the events that go to streams and connections.
_LOOKED_AT = (RequestHeaders, ResponseHeaders, ResponseProtocolError)
# In a flow's metadata.
_SENT_THOUGH_FAILED = "runway_sent_though_failed"


def send_though_failed(flow: http.HTTPFlow) -> None:
    """From the `error` hook of a call of whose answer nothing has come: the flow's response is sent."""
    flow.error = None
    flow.metadata[_SENT_THOUGH_FAILED] = True


class RequestForm(msgspec.Struct, frozen=True):
    """A request as it came.

    `to_server`: spoken to this proxy as to a server, with a path alone. `host`: its Host.
    `ended`: it has no body. `proxied_on`: it goes to the next proxy, which must be told the host.
    """

    to_server: bool
    host: str
    ended: bool
    proxied_on: bool


class RequestForms:
    """The forms of the requests that are under way."""

    def __init__(self, links: SignedLinks | None = None) -> None:
        self._links = links or SignedLinks()
        self._forms: weakref.WeakKeyDictionary[http.Request, RequestForm] = weakref.WeakKeyDictionary()

    def of(self, request: http.Request) -> RequestForm:
        """The form of a request; one that did not come over the wire is somebody's to a proxy."""
        return self._forms.get(request) or RequestForm(False, request.host_header or "", False, False)

    def note(self, request: http.Request, form: RequestForm) -> None:
        """Remembers a request's form as long as the request lives."""
        self._forms[request] = form

    def watch(self, nextlayer: NextLayer) -> None:
        """Puts the watching layer in place of the HTTP layer that mitmproxy has chosen."""
        parent: Layer | None = None
        found = nextlayer.layer
        while found is not None and type(found) is not HttpLayer:
            if type(found) is ClientTLSLayer:
                # A second one would take itself for TLS within TLS.
                found.__class__ = _BoundedHello
            parent, found = found, getattr(found, "child_layer", None)
        if not isinstance(found, HttpLayer) or nextlayer.context.layers[-1] is not found:
            return
        nextlayer.context.layers.pop()
        watching = _WatchingHttpLayer(found.context, found.mode, self, self._links)
        if parent is None:
            nextlayer.layer = watching
        else:
            parent.child_layer = watching  # type: ignore[attr-defined]


class _BoundedHello(ClientTLSLayer):
    """mitmproxy's own layer, which refuses a handshake whose first message is too large."""

    def receive_handshake_data(self, data: bytes) -> CommandGenerator[tuple[bool, str | None]]:
        if not self.client_hello_parsed and len(self.recv_buffer) + len(data) > LARGEST_HELLO:
            self.recv_buffer.clear()
            # mitmproxy would leave the socket open where more has come in the meantime.
            listening.cut_client(self.context.client)
            return False, f"Cannot parse ClientHello: it is longer than {LARGEST_HELLO} bytes."
        return (yield from super().receive_handshake_data(data))

    def receive_data(self, data: bytes) -> CommandGenerator[None]:
        if self.tls:  # else it had come already when the handshake failed
            yield from super().receive_data(data)


class _WatchingHttpLayer(HttpLayer):
    """mitmproxy's own layer, which notes each request before anything is changed in it."""

    def __init__(self, context: Context, mode: HTTPMode, forms: RequestForms, links: SignedLinks) -> None:
        super().__init__(context, mode)
        self._forms = forms
        self._links = links

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        # Not as a generator of its own for most events: they come about ten times a call.
        handled = super()._handle_event(event)
        return self._bounded(handled) if isinstance(event, events.DataReceived) else handled

    def _bounded(self, handled: CommandGenerator[None]) -> CommandGenerator[None]:
        yield from handled
        client = self.connections[self.context.client]
        if (
            isinstance(client, Http1Server)
            and client.state in (client.read_headers, client.read_body, client.wait)
            and len(client.buf) > LARGEST_HEAD
        ):
            yield commands.CloseConnection(self.context.client)

    def event_to_child(self, child: Layer | HttpStream, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, _LOOKED_AT):
            if not isinstance(child, HttpStream):
                if isinstance(event, ResponseProtocolError) and (answer := self._answer_to_failed(event)):
                    return self._send(child, answer)
                event = self._links.on_the_wire(event)
            elif isinstance(event, RequestHeaders):
                self._note(event.request, event.end_stream)
        return super().event_to_child(child, event)

    def _send(self, child: Layer, parts: Iterable[events.Event]) -> CommandGenerator[None]:
        for part in parts:
            yield from super().event_to_child(child, part)

    def _answer_to_failed(self, event: ResponseProtocolError) -> list[events.Event]:
        """The parts of the answer to a call that failed; without one mitmproxy sends its own page."""
        stream = self.streams.get(event.stream_id)
        flow: http.HTTPFlow | None = getattr(stream, "flow", None)
        if flow is None or not flow.metadata.pop(_SENT_THOUGH_FAILED, False) or not flow.response:
            return []
        content = flow.response.raw_content
        parts: list[events.Event] = [ResponseHeaders(event.stream_id, flow.response, not content)]
        if content:
            parts.append(ResponseData(event.stream_id, content))
        return [*parts, ResponseEndOfMessage(event.stream_id)]

    def _note(self, request: http.Request, ended: bool) -> None:
        # TLS without a tunnel is TLS with the proxy, whatever the target says.
        with_proxy = self.context.client.tls and request.scheme == "https"
        to_server = self.mode is not HTTPMode.transparent and (not request.host or with_proxy)
        is_older = request.is_http11 or request.is_http10  # else mitmproxy asks for the authority first
        host = header_fields.value_of(request.headers.fields, b"host") if is_older else request.host_header
        self._forms.note(request, RequestForm(to_server, host or "", ended, self.mode is HTTPMode.upstream))

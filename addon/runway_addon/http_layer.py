"""How a request stood on the wire: mitmproxy's hooks come too late to see it.

Before its first hook mitmproxy fills the host in from the Host header, writes another Host into it
in reverse mode, and says nowhere whether an HTTP/2 request has a body. So its HTTP layer is
replaced by one that looks at each request first.
"""

from __future__ import annotations

import weakref

import msgspec
from mitmproxy import http
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator, Layer, NextLayer
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode, HttpStream
from mitmproxy.proxy.layers.http._events import RequestHeaders
from mitmproxy.proxy.layers.http._http1 import Http1Server

#: The most that a client may send of a request's head, in bytes; mitmproxy itself has no bound.
LARGEST_HEAD = 256 << 10


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

    def __init__(self) -> None:
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
            parent, found = found, getattr(found, "child_layer", None)
        if not isinstance(found, HttpLayer) or nextlayer.context.layers[-1] is not found:
            return
        nextlayer.context.layers.pop()
        watching = _WatchingHttpLayer(found.context, found.mode, self)
        if parent is None:
            nextlayer.layer = watching
        else:
            parent.child_layer = watching  # type: ignore[attr-defined]


class _WatchingHttpLayer(HttpLayer):
    """mitmproxy's own layer, which notes each request before anything is changed in it."""

    def __init__(self, context: Context, mode: HTTPMode, forms: RequestForms) -> None:
        super().__init__(context, mode)
        self._forms = forms

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        yield from super()._handle_event(event)
        if isinstance(event, events.DataReceived):
            client = self.connections[self.context.client]
            if (
                isinstance(client, Http1Server)
                and client.state == client.read_headers
                and len(client.buf) > LARGEST_HEAD
            ):
                yield commands.CloseConnection(self.context.client)

    def event_to_child(self, child: Layer | HttpStream, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, RequestHeaders) and isinstance(child, HttpStream):
            self._note(event.request, event.end_stream)
        return super().event_to_child(child, event)

    def _note(self, request: http.Request, ended: bool) -> None:
        # TLS without a tunnel is TLS with the proxy, whatever the target says.
        with_proxy = self.context.client.tls and request.scheme == "https"
        to_server = self.mode is not HTTPMode.transparent and (not request.host or with_proxy)
        host = request.host_header or ""
        self._forms.note(request, RequestForm(to_server, host, ended, self.mode is HTTPMode.upstream))

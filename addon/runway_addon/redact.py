"""Signed links go over the wire alone: flows, and with them logs, saved flows and mitmweb, never hold one."""

from __future__ import annotations

import weakref

from mitmproxy import http
from mitmproxy.proxy import events
from mitmproxy.proxy.layers.http._events import RequestHeaders, ResponseHeaders

_HIDDEN = "(a signed link)"


class SignedLinks:
    """What is sent in place of the messages that flows hold, known by the latter."""

    def __init__(self) -> None:
        self._requests: weakref.WeakKeyDictionary[http.Request, http.Request] = weakref.WeakKeyDictionary()
        self._responses: weakref.WeakKeyDictionary[http.Response, http.Response] = weakref.WeakKeyDictionary()

    def send(self, sent: http.Request, shown: http.Request) -> None:
        """Sends the file store this request, and not the client's, which the flow shows."""
        self._requests[shown] = sent

    def hide(self, flow: http.HTTPFlow) -> None:
        """Hides the link of an answer that redirects; the client gets it."""
        shown = flow.response
        if shown is not None and 300 <= shown.status_code < 400 and "location" in shown.headers:
            self._responses[shown] = shown.copy()
            shown.headers["location"] = _HIDDEN

    def on_the_wire(self, event: events.Event) -> events.Event:
        """What goes to a connection for what a flow has said: for most messages the same."""
        if isinstance(event, RequestHeaders):
            request = self._requests.pop(event.request, None)
            if request is not None:
                return RequestHeaders(event.stream_id, request, event.end_stream)
        elif isinstance(event, ResponseHeaders):
            response = self._responses.pop(event.response, None)
            if response is not None:
                return ResponseHeaders(event.stream_id, response, event.end_stream)
        return event

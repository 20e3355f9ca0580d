"""Keeps a redirect's signed link off logs and saved flows, which see an answer before it is sent."""

from __future__ import annotations

import weakref

from mitmproxy import ctx, http

_HIDDEN = "(a signed link)"


class LinkRestorer:
    """The last of all addons: puts the link in when the others have logged and saved the answer."""

    name = "runway_links"

    def __init__(self) -> None:
        self._links: weakref.WeakKeyDictionary[http.HTTPFlow, str] = weakref.WeakKeyDictionary()

    def add(self) -> None:
        """Puts it behind mitmproxy's own addons, once."""
        if ctx.master.addons.get(self.name) is None:
            ctx.master.addons.add(self)

    def hide(self, flow: http.HTTPFlow) -> None:
        """Hides the link of an answer that redirects."""
        if flow.response is not None and "location" in flow.response.headers:
            self._links[flow] = flow.response.headers["location"]
            flow.response.headers["location"] = _HIDDEN

    def response(self, flow: http.HTTPFlow) -> None:
        link = self._links.pop(flow, None)
        if link is not None and flow.response is not None:
            flow.response.headers["location"] = link

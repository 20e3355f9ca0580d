"""Keeps a redirect's signed link off logs and saved flows, which see an answer before it is sent."""

from __future__ import annotations

import weakref

from mitmproxy import ctx, http

_HIDDEN = "(a signed link)"

_links: weakref.WeakKeyDictionary[http.HTTPFlow, str] = weakref.WeakKeyDictionary()


class LinkRestorer:
    """The last of all addons: puts the link in when the others have logged and saved the answer."""

    name = "runway_unveil"

    def response(self, flow: http.HTTPFlow) -> None:
        link = _links.pop(flow, None)
        if link is not None and flow.response is not None:
            flow.response.headers["location"] = link


def add_link_restorer() -> None:
    """Adds what unveils behind mitmproxy's own addons, once."""
    if ctx.master.addons.get(LinkRestorer.name) is None:
        ctx.master.addons.add(LinkRestorer())


def hide_link(flow: http.HTTPFlow) -> None:
    """Hides the link of an answer that redirects."""
    if flow.response is not None and "location" in flow.response.headers:
        _links[flow] = flow.response.headers["location"]
        flow.response.headers["location"] = _HIDDEN

"""Calls that were refused or cut off."""

from __future__ import annotations

from runway_videos.errors import ApiError
from runway_videos.events.base import Event
from runway_videos.openai.routes import Route


class CallRefused(Event, frozen=True):
    """A video call was refused or failed. `caller` is "" where nobody knows, `peer` is an IP address."""

    error: ApiError
    route: Route
    caller: str = ""
    peer: str = ""


class ConnectionCut(Event, frozen=True):
    """A call was refused before its body was read: its connection was closed."""

    error: ApiError
    method: str
    path: str
    peer: str


class OtherTrafficRefused(Event, frozen=True):
    """What is no video call may not pass, or nothing came back from `runway_fallback`. `what` names it."""

    error: ApiError
    what: str
    peer: str


class TlsToPlainPort(Event, frozen=True):
    """A client spoke TLS to the proxy's own address, and does not trust what came."""

    peer: str
    address: str

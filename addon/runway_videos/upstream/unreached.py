"""Why Runway was not reached, or its answer did not come, in words for clients and the log."""

from __future__ import annotations

import socket
import ssl

import httpx

from runway_videos.keys.no_key import UNREACHED

# What httpx says, by the kind of its error, where the system says nothing more exact.
_BY_KIND: tuple[tuple[type[Exception], str], ...] = (
    (httpx.ConnectTimeout, "no connection in time"),
    (httpx.PoolTimeout, "no connection in time"),
)
_BY_CAUSE: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "name not known"),
    (ConnectionRefusedError, "connection refused"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted"),
    (ssl.SSLError, "it speaks no TLS"),
)

_LOST: tuple[tuple[type[Exception], str], ...] = (
    (httpx.TimeoutException, "no answer in time"),
    (httpx.NetworkError, "the connection broke before the answer was whole"),
    (httpx.RemoteProtocolError, "the connection ended, or what came is no HTTP"),
)


def why_unreached(error: Exception) -> str:
    """`Runway cannot be reached (name not known)`."""
    if isinstance(error, httpx.ProxyError):
        return f"{UNREACHED} (runway_proxy opens no way: {error})"
    for kind, words in _BY_KIND:
        if isinstance(error, kind):
            return f"{UNREACHED} ({words})"
    for kind_of_cause, words in _BY_CAUSE:
        if _has_cause(error, kind_of_cause):
            return f"{UNREACHED} ({words})"
    # An exception's text may hold an address, never a header: no key can come along.
    return f"{UNREACHED} ({type(error).__name__}: {error}".rstrip(": ") + ")"


def why_lost(error: Exception) -> str:
    """`the connection broke before the answer was whole (ReadError)`: a call was sent, and no answer came."""
    exact = f"{type(error).__name__}: {error}".rstrip(": ")
    words = next((words for kind, words in _LOST if isinstance(error, kind)), None)
    return f"{words} ({exact})" if words else exact


def _has_cause(error: BaseException, kind: type[BaseException]) -> bool:
    """Whether an error of that kind is behind this one, also as one of several attempts."""
    seen: list[BaseException] = [error]
    for each in seen:  # it grows
        if isinstance(each, kind):
            return True
        inside = each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        behind = (each.__cause__, each.__context__, *inside)
        seen += [found for found in behind if found is not None and found not in seen]
    return False

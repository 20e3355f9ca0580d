"""Which links to a video's bytes are followed: what a task names is data from outside."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_VISIBLE = re.compile(r"[\x21-\x7e]+")
# The last label of what may be read as an IPv4 address: 127.1, 2130706433, 0x7f000001.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOCAL = ("localhost", "local", "internal")


def may_follow(link: str, base_url: str) -> bool:
    """Whether the proxy fetches a task's output link, or sends a client there.

    https alone, and no private or loopback address. Where `base_url` is itself such an address (the
    sandbox, a mock), its outputs may be too, and http.
    """
    parts = _split(link)
    if parts is None:
        return False
    base = _split(base_url)
    if base is not None and _is_private(base.hostname or ""):
        return parts.scheme in ("http", "https")
    return parts.scheme == "https" and not _is_private(parts.hostname or "")


def _split(url: str) -> SplitResult | None:
    """The parts of an absolute URL without a user; None for anything else."""
    if not _VISIBLE.fullmatch(url) or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0  # `port` raises where it is over 65535
    except ValueError:
        return None
    return parts if usable and "@" not in parts.netloc else None


def _is_private(host: str) -> bool:
    """Whether a host is, by its name or address alone, none of the public internet."""
    host = host.removesuffix(".")
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        labels = host.split(".")
        return len(labels) == 1 or labels[-1] in _LOCAL or bool(_NUMBER.fullmatch(labels[-1]))
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None) or address
    return not mapped.is_global or mapped.is_multicast

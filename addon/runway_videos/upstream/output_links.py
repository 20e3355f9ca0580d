"""Links to a video's bytes: which are followed, of those that a task names, and none in logs."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from runway_videos.hosts import is_internal_host
from runway_videos.upstream.client import Reply

# What may follow in a JSON text, up to the end of the link.
_REST_OF_LINK = rb"""(?:\\u[0-9a-fA-F]{4}|\\/|[^\s"'\\])*"""
# No user name, and nothing that readers of URLs disagree on.
_LINK = re.compile(r"https?://[A-Za-z0-9.:_\[\]-]+(?:[/?#][\x21-\x5b\x5d-\x7e]*)?", re.IGNORECASE)


def without_link(reply: Reply, link: str) -> Reply:
    """The reply with `[link]` where it repeats a signed link, also in part or as JSON may write it."""
    place = link.partition("?")[0]
    written = b"|".join(re.escape(text.encode()) for text in (place, place.replace("/", r"\/")))
    found = re.compile(b"(?:" + written + b")" + _REST_OF_LINK)
    return Reply(reply.status, found.sub(b"[link]", reply.body))


def is_output_link(url: str, base_url: str) -> bool:
    """Whether bytes are fetched from `url`, which Runway at `base_url` named.

    https and a host of the internet; where Runway itself is within this network (a sandbox, a
    gateway), its links may be http and stay within it.
    """
    if not _LINK.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
        if not host or parts.port == 0:
            return False
    except ValueError:  # a port that is none, an IPv6 address that is none
        return False
    if is_internal_host(urlsplit(base_url).hostname or ""):
        return True
    return parts.scheme == "https" and not is_internal_host(host)

"""Which links to a video's bytes are followed, of those that a task names."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from runway_videos.hosts import is_internal_host

# No user name, and nothing that readers of URLs disagree on.
_LINK = re.compile(r"https?://[A-Za-z0-9.:_\[\]-]+(?:[/?#][\x21-\x5b\x5d-\x7e]*)?", re.IGNORECASE)


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

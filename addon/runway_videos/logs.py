"""The addon's logger, and how a client's text is escaped for it."""

from __future__ import annotations

import logging

log = logging.getLogger("runway")


def escaped(text: str, longest: int = 200) -> str:
    """A client's text for a log line or a message: unprintable characters escaped, `longest` at most."""
    short = text if len(text) <= longest else text[:longest] + "…"
    if short.isprintable():
        return short
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "replace").decode() for char in short
    )

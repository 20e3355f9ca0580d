"""The addon's log: one line an event, a client's text escaped, never a secret."""

from __future__ import annotations

import logging

log = logging.getLogger("runway")


def escaped(text: str, longest: int = 200) -> str:
    """A client's text for a log line or a message: no control characters, bounded length."""
    short = text if len(text) <= longest else text[:longest] + "…"
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "replace").decode() for char in short
    )

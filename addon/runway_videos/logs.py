"""The addon's logger, and how a client's text is escaped for it."""

from __future__ import annotations

import logging
import re

# Long enough for every option, shorter than Runway's keys are.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}")

log = logging.getLogger("runway")


def escaped(text: str, longest: int = 200) -> str:
    """A client's text for a log line or a message: unprintable characters escaped, `longest` at most."""
    short = text if len(text) <= longest else text[:longest] + "…"
    if short.isprintable():
        return short
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "replace").decode() for char in short
    )


def number_of(number: float, what: str) -> str:
    """`1 video`, `2 videos`, `1,000 videos`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def on_one_line(text: str) -> str:
    """A text with a blank in the place of each unprintable character."""
    return "".join(char if char.isprintable() else " " for char in text)


def may_be_shown(name: str) -> bool:
    """Whether a name that somebody got wrong is one at all: a secret may stand in its place."""
    return len(name) <= 20 or _NAME.fullmatch(name) is not None

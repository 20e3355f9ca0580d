"""What comes of a call to Runway: an answer, nothing sent, or an unknown outcome."""

from __future__ import annotations

import msgspec

#: The longest `Retry-After` that is passed on, in seconds.
LONGEST_RETRY_AFTER = 3600


class NotSentError(Exception):
    """The request never reached Runway; sending it again is safe."""


class UnknownOutcomeError(Exception):
    """The request was sent, at least in part, and no whole answer came. `timed_out` tells how."""

    def __init__(self, reason: str, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out


class Reply(msgspec.Struct, frozen=True):
    """Runway's answer: status and body, whole; `retry_after` in seconds, where its header says it."""

    status: int
    body: bytes = b""
    retry_after: int | None = None

    def json(self) -> dict[str, object] | None:
        """The body as a JSON object, None if it is none."""
        try:
            found = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


def retry_after_of(header: str | None) -> int | None:
    """Seconds in a `Retry-After`, 1 to LONGEST_RETRY_AFTER; None without one, and for a date."""
    text = (header or "").strip()
    if not (text.isascii() and text.isdecimal()):
        return None
    return min(max(int(text[:10]), 1), LONGEST_RETRY_AFTER)

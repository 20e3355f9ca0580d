"""What comes of a call to Runway: an answer, nothing sent, or an unknown outcome."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from math import ceil

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


def retry_after_of(header: str | None, date: str | None) -> int | None:
    """Seconds in a `Retry-After`, 1 to LONGEST_RETRY_AFTER; None without one.

    It is a number of seconds or a date (RFC 9110, 10.2.3), which counts from `date`, the answer's own.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        seconds = float(text[:10])
    else:
        try:
            seconds = (parsedate_to_datetime(text) - parsedate_to_datetime(date or "")).total_seconds()
        except (ValueError, TypeError):  # no date; one with a time zone and one without
            return None
    return min(max(ceil(seconds), 1), LONGEST_RETRY_AFTER)

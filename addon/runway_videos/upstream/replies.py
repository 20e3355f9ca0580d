"""What comes of a call to Runway: an answer, nothing sent, or an unknown outcome."""

from __future__ import annotations

import msgspec


class NotSentError(Exception):
    """The request never reached Runway; sending it again is safe."""


class UnknownOutcomeError(Exception):
    """The request was sent, at least in part, and no whole answer came. `timed_out` tells how."""

    def __init__(self, reason: str, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out


class Reply(msgspec.Struct, frozen=True):
    """Runway's answer: status and body, whole."""

    status: int
    body: bytes = b""

    def json(self) -> dict[str, object] | None:
        """The body as a JSON object, None if it is none."""
        try:
            found = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

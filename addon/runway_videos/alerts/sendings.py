"""When, and with which key, creates were sent: for the alert of one whose outcome is unknown."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from runway_videos.events import CreateSending

#: Creates that are remembered, the newest; more are not in flight.
MAX_SENDINGS = 1000


class Sending(msgspec.Struct, frozen=True):
    """A create that was sent, in unix seconds; `credits` as expected, None: not known."""

    key: str
    at: float
    credits: float | None = None


class Moment(msgspec.Struct, frozen=True):
    """When something happened, in unix seconds, and the create of its request, where that was sent here."""

    now: float
    sending: Sending | None = None

    @property
    def when(self) -> str:
        """Between which times Runway made a task, if it did."""
        until = _clock_time(self.now)
        return f"before {until}" if self.sending is None else f"{_clock_time(self.sending.at)} to {until}"


class Sendings:
    """The newest creates that were sent here, by request."""

    def __init__(self) -> None:
        self._sent: dict[str, Sending] = {}

    def add(self, event: CreateSending, now: float) -> None:
        """One is sent now; a second one of the same request takes the first one's place."""
        self._sent.pop(event.request_id, None)
        self._sent[event.request_id] = Sending(event.key, now, event.credits)
        if len(self._sent) > MAX_SENDINGS:
            del self._sent[next(iter(self._sent))]

    def moment(self, request_id: str, now: float) -> Moment:
        """What happens now in the course of a request, "" for none."""
        return Moment(now, self._sent.get(request_id) if request_id else None)


def _clock_time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

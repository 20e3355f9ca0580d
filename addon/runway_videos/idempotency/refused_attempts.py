"""Attempts that were refused with nothing made: their clients' retries are owed a create."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from runway_videos.errors import ApiError

#: How many are remembered for one caller. Without a note a retry may join an equal create.
MAX_NOTES = 1_000


# Statuses below 500 after which the stock clients try again, unless they are told not to.
_SENT_AGAIN = (408, 409, 429)


def is_sent_again(outcome: object) -> bool:
    """Whether the stock clients try again after this refusal."""
    if not isinstance(outcome, ApiError):
        return False
    if outcome.retry is not None:
        return outcome.retry
    return outcome.status >= 500 or outcome.status in _SENT_AGAIN


class RefusedAttempts:
    """Notes of refused attempts, each taken once and by no other caller's retry.

    `seconds` is how long a note is kept: longer than a client waits before it tries again.
    """

    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._notes: dict[str, deque[tuple[float, bytes, int]]] = {}

    def add(self, caller: str, fingerprint: bytes, count: int) -> None:
        """Attempt number `count` was refused."""
        notes = self._notes.setdefault(caller, deque(maxlen=MAX_NOTES))
        notes.append((self._clock() + self._seconds, fingerprint, count))

    def has(self, caller: str, fingerprint: bytes, count: int) -> bool:
        """Whether an attempt of that number was refused, and nobody has come back for it."""
        return self._find(caller, fingerprint, count) is not None

    def take(self, caller: str, fingerprint: bytes, count: int) -> None:
        """Its retry has come. Does nothing where there is no note."""
        note = self._find(caller, fingerprint, count)
        if note is not None:
            self._notes[caller].remove(note)

    def _find(self, caller: str, fingerprint: bytes, count: int) -> tuple[float, bytes, int] | None:
        notes = self._notes.get(caller)
        while notes and notes[0][0] <= self._clock():
            notes.popleft()
        return next((note for note in notes or () if note[1:] == (fingerprint, count)), None)

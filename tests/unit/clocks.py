"""A clock that a test sets."""

from __future__ import annotations


class Clock:
    """Seconds; a test sets `now`."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now

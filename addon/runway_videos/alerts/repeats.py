"""When repeats of creates are a storm."""

from __future__ import annotations

from collections import deque

#: So many within so many seconds. A client that gives up too early makes two repeats a create.
STORM_REPEATS, STORM_SECONDS = 20, 60.0


class Repeats:
    """Repeats of each caller; callers are those that are configured, so they are few."""

    def __init__(self) -> None:
        self._times: dict[str, deque[float]] = {}

    def add(self, caller: str, now: float) -> bool:
        """One more, at this time in seconds. True where it makes a storm, which begins anew then."""
        times = self._times.setdefault(caller, deque(maxlen=STORM_REPEATS))
        times.append(now)
        if len(times) < STORM_REPEATS or now - times[0] > STORM_SECONDS:
            return False
        times.clear()
        return True

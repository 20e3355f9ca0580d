"""Logs a line on one client and subject once a minute at most: a log that anyone can fill is of no use."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

#: How long the same line is not logged again, in seconds.
INTERVAL_SECONDS = 60.0
# Pairs of subject and client that are remembered. The oldest are forgotten first.
_REMEMBERED = 1024


class LogThrottle:
    """When each subject and client was last logged, in bounded memory. `clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, remembered: int = _REMEMBERED) -> None:
        self._clock = clock
        self._remembered = remembered
        self._logged_at: OrderedDict[tuple[str, str], float] = OrderedDict()

    def may_log(self, what: str, peer: str) -> bool:
        """Whether a line on this subject and client is due; then it counts as logged."""
        now, key = self._clock(), (what, peer)
        if now - self._logged_at.get(key, -INTERVAL_SECONDS) < INTERVAL_SECONDS:
            return False
        self._logged_at[key] = now
        self._logged_at.move_to_end(key)
        if len(self._logged_at) > self._remembered:
            self._logged_at.popitem(last=False)
        return True

"""How late the event loop is: all that is served here waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

#: Between two looks, in seconds.
INTERVAL_SECONDS = 0.5


class LoopLag:
    """Looks at its clock at each interval. `later` calls a function after so many seconds, and gives
    what cancels that; by default the running loop's `call_later`."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], asyncio.TimerHandle] | None = None,
    ) -> None:
        self._clock = clock
        self._later = later
        self._due: float | None = None
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begins to look; again is nothing more."""
        if self._due is None:
            self._wait()

    def stop(self) -> None:
        """Looks no more."""
        if self._timer is not None:
            self._timer.cancel()
        self._due = self._timer = None

    def seconds(self) -> float:
        """How late it was at the last look, or is with the next one, whichever is more."""
        overdue = 0.0 if self._due is None else self._clock() - self._due
        return max(self._last, overdue, 0.0)

    def _look(self) -> None:
        assert self._due is not None  # `stop` cancels the timer
        self._last = max(self._clock() - self._due, 0.0)
        self._wait()

    def _wait(self) -> None:
        later = self._later or asyncio.get_running_loop().call_later
        self._due = self._clock() + INTERVAL_SECONDS
        self._timer = later(INTERVAL_SECONDS, self._look)

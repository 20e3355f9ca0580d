"""Videos of this process that have not ended, in a dictionary for each hour: one entry a video, no time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

#: Videos that are remembered; the oldest are forgotten first.
MAX_UNFINISHED = 100_000
#: For how long, to the hour: nobody may ever ask for their end.
MAX_HOURS = 24
_HOUR_SECONDS = 3600.0


class UnfinishedByHour:
    """Tasks and their callers. `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float], most: int = MAX_UNFINISHED) -> None:
        self._clock = clock
        self._most = most
        self._hours: dict[int, dict[str, str]] = {}  # caller by task, the oldest first
        self._count = 0

    def add(self, task: str, caller: str) -> None:
        """A video was made."""
        self.remove(task)
        self._forget_old()
        self._hours.setdefault(self._hour(), {})[task] = caller
        self._count += 1
        if self._count > self._most:
            oldest = next(videos for videos in self._hours.values() if videos)
            self.remove(next(iter(oldest)))

    def remove(self, task: str) -> None:
        """A video has ended, or is gone; nothing where it is not known."""
        for hour, videos in self._hours.items():
            if videos.pop(task, None) is not None:
                self._count -= 1
                if not videos:
                    del self._hours[hour]
                return

    def by_caller(self) -> Counter[str]:
        """How many each caller has."""
        self._forget_old()
        return sum((Counter(videos.values()) for videos in self._hours.values()), Counter())

    def _hour(self) -> int:
        return int(self._clock() // _HOUR_SECONDS)

    def _forget_old(self) -> None:
        oldest = self._hour() - MAX_HOURS
        for hour in [hour for hour in self._hours if hour < oldest]:
            self._count -= len(self._hours.pop(hour))

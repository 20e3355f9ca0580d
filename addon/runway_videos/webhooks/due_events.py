"""Events that are to be delivered to one webhook, in order for each video."""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush
from itertools import count

import msgspec

#: Events that wait for one webhook.
MAX_DUE = 10_000


class DueEvent(msgspec.Struct, frozen=True):
    """The end of a video. `since`: when it was seen, `until`: when it is sent for the last time, both in
    unix seconds; `tries`: deliveries that failed."""

    id: str
    type: str
    task: str
    video_id: str
    since: float
    until: float
    tries: int = 0


class DueEvents:
    """Where they wait. Times are unix seconds. One that is taken comes back or is removed."""

    def __init__(self, max_events: int = MAX_DUE) -> None:
        self._max_events = max_events
        self._by_task: dict[str, deque[DueEvent]] = {}
        # The first of each video that is not taken, by its time.
        self._waiting: list[tuple[float, int, DueEvent]] = []
        self._numbers = count()
        self._count = 0

    def put(self, event: DueEvent) -> bool:
        """Adds an event; False where there is no room."""
        if self._count >= self._max_events:
            return False
        self._count += 1
        line = self._by_task.setdefault(event.task, deque())
        line.append(event)
        if len(line) == 1:
            self._wait(event, 0.0)
        return True

    def take(self, now: float) -> DueEvent | None:
        """An event whose time has come. Of a video only the first one is given out."""
        return heappop(self._waiting)[2] if self._waiting and self._waiting[0][0] <= now else None

    def put_back(self, event: DueEvent, at: float) -> None:
        """One that was taken waits until `at`, before all others of its video."""
        self._by_task[event.task][0] = event
        self._wait(event, at)

    def remove(self, event: DueEvent) -> None:
        """One that was taken is delivered, or given up."""
        self._count -= 1
        line = self._by_task[event.task]
        line.popleft()
        if line:
            self._wait(line[0], 0.0)
        else:
            del self._by_task[event.task]

    def hurry(self) -> None:
        """The time of all has come."""
        self._waiting = [(0.0, number, event) for _, number, event in self._waiting]
        heapify(self._waiting)

    def __len__(self) -> int:
        """How many there are, with those that are taken."""
        return self._count

    def _wait(self, event: DueEvent, at: float) -> None:
        heappush(self._waiting, (at, next(self._numbers), event))

"""Times at which things are forgotten, each of which may be moved."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator
from itertools import count

# Old entries that are worth no work.
_FEW = 64


class Expiries[T: Hashable]:
    """One time for each item, in the clock's seconds. What was moved or dropped is not held by it."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []  # time and a number of its own
        self._items: dict[int, T] = {}  # by that number; without an item the entry is an old one
        self._entries: dict[T, tuple[float, int]] = {}
        self._numbers = count()

    def set(self, item: T, time: float) -> None:
        """The item expires then, whatever was set before."""
        if item in self._entries and self._entries[item][0] == time:
            return
        self.drop(item)
        entry = self._entries[item] = (time, next(self._numbers))
        self._items[entry[1]] = item
        heapq.heappush(self._heap, entry)
        if len(self._heap) > 2 * len(self._items) + _FEW:  # most of them old ones
            self._heap = list(self._entries.values())
            heapq.heapify(self._heap)

    def drop(self, item: T) -> None:
        """The item does not expire any more."""
        entry = self._entries.pop(item, None)
        if entry is not None:
            del self._items[entry[1]]

    def due(self, now: float) -> Iterator[T]:
        """Takes out those whose time has come, the earliest first."""
        while self._heap and self._heap[0][0] <= now:
            item = self._items.get(heapq.heappop(self._heap)[1])
            if item is not None:
                self.drop(item)
                yield item

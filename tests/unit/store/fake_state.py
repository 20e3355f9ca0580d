"""A shared state for tests, in a dictionary."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from runway_videos.store.shared_state import StoreUnavailableError, Swapped


class FakeState:
    """A shared state in a dictionary; `is_away` makes it unavailable. Times are the world's.

    `loses` says whether the answer to a change of a key is lost: it is done, and who asked does not know.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.values: dict[str, tuple[bytes, float]] = {}
        self.lists: dict[str, list[bytes]] = {}
        self.is_away = False
        self.loses: Callable[[str], bool] = lambda key: False
        self.trips = 0

    async def time(self) -> float:
        await self._travel()
        return self._now()

    async def get(self, key: str) -> bytes | None:
        await self._travel()
        return self._current(key)

    async def swap(self, key: str, expected: bytes | None, value: bytes | None, seconds: float) -> Swapped:
        await self._travel()
        current = self._current(key)
        if current != expected:
            return Swapped(False, current)
        self.values.pop(key, None)
        if value is not None:
            self.values[key] = value, self._now() + seconds
        self._answer(key)
        return Swapped(True, value)

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self._travel()
        self.values[key] = value, self._now() + seconds
        self._answer(key)

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        await self._travel()
        return [self._current(key) for key in keys]

    async def add(self, key: str, item: bytes, seconds: float, oldest: bytes) -> None:
        await self._travel()
        kept = {each for each in self.lists.get(key, ()) if each >= oldest}
        self.lists[key] = sorted(kept | {item})
        self._answer(key)

    async def remove(self, key: str, item: bytes) -> None:
        await self._travel()
        self.lists[key] = [each for each in self.lists.get(key, ()) if each != item]
        self._answer(key)

    async def items(
        self, key: str, limit: int, *, after: bytes | None = None, descending: bool = False
    ) -> list[bytes]:
        await self._travel()
        items = self.lists.get(key, [])
        items = items[::-1] if descending else items
        if after is not None:
            items = [each for each in items if (each < after if descending else each > after)]
        return items[:limit]

    async def warnings(self) -> list[str]:
        return []

    async def close(self) -> None:
        pass

    def lose_all(self) -> None:
        """A restart without persistence."""
        self.values.clear()
        self.lists.clear()

    async def _travel(self) -> None:
        self.trips += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise StoreUnavailableError("away")

    def _answer(self, key: str) -> None:
        if self.loses(key):
            raise StoreUnavailableError("its answer was lost")

    def _current(self, key: str) -> bytes | None:
        value, until = self.values.get(key, (None, 0.0))
        return value if until > self._now() else None

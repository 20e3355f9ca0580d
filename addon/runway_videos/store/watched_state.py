"""A shared state that says when it goes away and when it is back."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence

from runway_videos.store.shared_state import SharedState, StoreUnavailableError, Swapped


class WatchedState:
    """Another SharedState. `changed` gets why it is away, at its first failure, and None when it is back."""

    def __init__(self, state: SharedState, changed: Callable[[str | None], None]) -> None:
        self._state = state
        self._changed = changed
        self.is_away = False

    async def get(self, key: str) -> bytes | None:
        return await self._watch(self._state.get(key))

    async def swap(self, key: str, expected: bytes | None, value: bytes | None, seconds: float) -> Swapped:
        return await self._watch(self._state.swap(key, expected, value, seconds))

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self._watch(self._state.put(key, value, seconds))

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        return await self._watch(self._state.get_many(keys))

    async def add(self, key: str, item: bytes, seconds: float, oldest: bytes) -> None:
        await self._watch(self._state.add(key, item, seconds, oldest))

    async def remove(self, key: str, item: bytes) -> None:
        await self._watch(self._state.remove(key, item))

    async def items(
        self, key: str, limit: int, *, after: bytes | None = None, descending: bool = False
    ) -> list[bytes]:
        return await self._watch(self._state.items(key, limit, after=after, descending=descending))

    async def warnings(self) -> list[str]:
        return await self._watch(self._state.warnings())

    async def close(self) -> None:
        await self._state.close()

    async def warnings_if_here(self) -> list[str]:
        """Its warnings; none where it is away, which is said by then."""
        with contextlib.suppress(StoreUnavailableError):
            return await self.warnings()
        return []

    async def stays_away(self) -> bool:
        """Whether it is away, after another look where it was: nobody else may ask it."""
        if self.is_away:
            with contextlib.suppress(StoreUnavailableError):
                await self.get("here?")
        return self.is_away

    async def _watch[T](self, answer: Awaitable[T]) -> T:
        try:
            found = await answer
        except StoreUnavailableError as error:
            if not self.is_away:
                self.is_away = True
                self._changed(str(error))
            raise
        if self.is_away:
            self.is_away = False
            self._changed(None)
        return found


def watched(state: SharedState | None, changed: Callable[[str | None], None]) -> WatchedState | None:
    """The state, watched; None where there is none."""
    return None if state is None else WatchedState(state, changed)

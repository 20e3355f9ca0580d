"""A shared state that says when it goes away and when it is back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

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

    async def warnings(self) -> list[str]:
        return await self._watch(self._state.warnings())

    async def close(self) -> None:
        await self._state.close()

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

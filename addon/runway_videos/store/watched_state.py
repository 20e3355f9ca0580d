"""A shared state that says when it goes away and when it is back, and whose clock is known."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence

from runway_videos.store.shared_state import SharedState, StoreUnavailableError, Swapped


class WatchedState:
    """Another SharedState. `changed` gets why it is away, at its first failure, and None when it is back.

    One that took no write is away until it takes one: a replica, or a full one, may be read all the same.
    `clock` gives seconds that never go back, `unix` this machine's unix time.
    """

    def __init__(
        self,
        state: SharedState,
        changed: Callable[[str | None], None],
        clock: Callable[[], float] = time.monotonic,
        unix: Callable[[], float] = time.time,
    ) -> None:
        self._state = state
        self._changed = changed
        self._clock, self._unix = clock, unix
        self._ahead: float | None = None  # unix time as the store has it, of `clock`
        self._took_no_write = False
        self.is_away = False

    def now(self) -> float:
        """Unix time by the store's clock, as it was when it was asked last; this machine's before that.

        By it everything is timed that processes share: their machines' clocks may differ.
        """
        return self._unix() if self._ahead is None else self._clock() + self._ahead

    async def time(self) -> float:
        began = self._clock()
        # Asked with each sign of life: who may not ask is as good as away, also where it may be read.
        found = await self._watch(self._state.time(), is_write=True)
        self._ahead = found - (began + self._clock()) / 2
        return found

    async def get(self, key: str) -> bytes | None:
        return await self._watch(self._state.get(key))

    async def swap(self, key: str, expected: bytes | None, value: bytes | None, seconds: float) -> Swapped:
        swapped = await self._watch(self._state.swap(key, expected, value, seconds), is_write=True)
        if swapped.done and value is not None:
            self._wrote()
        return swapped

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self._watch(self._state.put(key, value, seconds), is_write=True)
        self._wrote()

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        return await self._watch(self._state.get_many(keys))

    async def add(self, key: str, item: bytes, seconds: float, oldest: bytes) -> None:
        await self._watch(self._state.add(key, item, seconds, oldest), is_write=True)
        self._wrote()

    async def remove(self, key: str, item: bytes) -> None:
        await self._watch(self._state.remove(key, item), is_write=True)

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

    async def _watch[T](self, answer: Awaitable[T], *, is_write: bool = False) -> T:
        try:
            found = await answer
        except StoreUnavailableError as error:
            self._took_no_write = self._took_no_write or is_write
            if not self.is_away:
                self.is_away = True
                self._changed(str(error))
            raise
        if not self._took_no_write:
            self._is_here()
        return found

    def _wrote(self) -> None:
        """It took a value. A full one takes deletions, too."""
        self._took_no_write = False
        self._is_here()

    def _is_here(self) -> None:
        if self.is_away:
            self.is_away = False
            self._changed(None)


def watched(
    state: SharedState | None,
    changed: Callable[[str | None], None],
    clock: Callable[[], float],
    unix: Callable[[], float],
) -> WatchedState | None:
    """The state, watched; None where there is none."""
    return None if state is None else WatchedState(state, changed, clock, unix)

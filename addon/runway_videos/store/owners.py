"""Which processes of a shared store are alive: each writes a sign of life, which ends when it does.

With each sign it asks for the store's time.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Iterable

from runway_videos.store.shared_state import SharedState, StoreUnavailableError

#: A process that has not written for so long is taken for dead, in seconds.
LEASE_SECONDS = 10.0
#: How often it writes, in seconds.
BEAT_SECONDS = 2.5

#: Written by the first process that finds none. Gone or another: the store has lost what it held.
_DATA_KEY = "data"
_DATA_SECONDS = 10 * 365 * 24 * 3600.0


class Owners:
    """This process's sign of life, and those of others. `clock` gives seconds that never go back.

    `lost_data` is called when the store has lost what it held.
    """

    def __init__(
        self,
        state: SharedState,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        lost_data: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = secrets.token_hex(8)
        self._state = state
        self._clock = clock
        self._sleep = sleep
        self._lost_data = [lost_data]
        self._data: bytes | None = None
        self._beaten_at: float | None = None
        self._steady_since: float | None = None  # since then every sign of life could be written
        self._task: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[StoreUnavailableError | None] | None = None

    def start(self) -> None:
        """Gives signs of life from now on, also where the store is away now: so it is seen to come back."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def when_data_is_lost(self, call: Callable[[], None]) -> None:
        """What else is to be done then."""
        self._lost_data.append(call)

    async def be_alive(self) -> None:
        """Others see that this process lives. Who calls it first is done first.

        Raises StoreUnavailableError.
        """
        self.start()
        if self._beaten_at is None or self._clock() - self._beaten_at > LEASE_SECONDS / 2:
            await self._beat()

    async def dead(self, names: Iterable[str]) -> set[str]:
        """Those that give no sign of life; never this process. Raises StoreUnavailableError.

        None as long as a living process may have had no chance to give one: the store was away.
        """
        others = [name for name in names if name != self.name]
        if self._steady_since is None or self._clock() - self._steady_since < LEASE_SECONDS:
            return set()
        return {name for name in others if await self._state.get(f"process:{name}") is None}

    async def close(self) -> None:
        """No more signs of life: others see at once that this process has ended."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            if self._beating is not None:
                await self._beating  # else it could come after what follows
            with contextlib.suppress(StoreUnavailableError):
                await self._state.swap(f"process:{self.name}", b"1", None, LEASE_SECONDS)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(StoreUnavailableError):
                await self._beat()
            await self._sleep(BEAT_SECONDS)

    async def _beat(self) -> None:
        """One sign for all who want one now: where the store does not answer, none waits for another."""
        if self._beating is None or self._beating.done():
            self._beating = asyncio.get_running_loop().create_task(self._try_to_write())
        if (error := await asyncio.shield(self._beating)) is not None:
            raise error

    async def _try_to_write(self) -> StoreUnavailableError | None:
        try:
            await self._write()
        except StoreUnavailableError as error:
            self._steady_since = None
            return error
        if self._steady_since is None:
            self._steady_since = self._clock()
        return None

    async def _write(self) -> None:
        await self._state.time()
        began = self._clock()
        await self._state.put(f"process:{self.name}", b"1", LEASE_SECONDS)
        self._beaten_at = began
        mine = secrets.token_bytes(8)
        found = await self._state.swap(_DATA_KEY, None, mine, _DATA_SECONDS)
        current = mine if found.done else found.current
        if self._data is not None and (found.done or current != self._data):
            self._steady_since = None
            for tell in self._lost_data:
                tell()
        self._data = current


def owners_of(
    state: SharedState | None,
    clock: Callable[[], float],
    lost_data: Callable[[], None],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Owners | None:
    """Those of `state`; None where there is none."""
    return None if state is None else Owners(state, clock, sleep, lost_data)

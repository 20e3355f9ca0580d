"""Writes of what has happened: a store that is away when it happens is written to when it is back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from runway_videos.store.shared_state import StoreUnavailableError

# How many are tried at once: a store that is back is not flooded.
_AT_ONCE = 16
# How often each is tried, and the wait before it is tried again, in seconds: for a day at least, as long as
# an Idempotency-Key is kept. A create that stayed written as sent would keep its retries waiting.
_TRIES, _AGAIN_SECONDS = 86_400, 1.0
# How long the end of the process waits for them, in seconds.
_CLOSE_SECONDS = 1.0


class LaterWrites:
    """Tries writes until the store takes them, for a day or for so many `tries`, a second apart.

    `in_order`: each when those that were begun before it have been written.
    """

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        *,
        tries: int = _TRIES,
        in_order: bool = False,
    ) -> None:
        self._sleep = sleep
        self._tries = tries
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._order = asyncio.Lock() if in_order else contextlib.nullcontext()
        self._tasks: set[asyncio.Task[None]] = set()

    async def write(self, write: Callable[[], Awaitable[object]]) -> None:
        """Calls `write` until it raises no StoreUnavailableError."""
        async with self._order:
            for _ in range(self._tries):
                async with self._at_once:
                    with contextlib.suppress(StoreUnavailableError):
                        await write()
                        return
                await self._sleep(_AGAIN_SECONDS)

    def begin(self, write: Callable[[], Awaitable[object]]) -> asyncio.Task[None]:
        """The same, while the caller goes on."""
        task = asyncio.get_running_loop().create_task(self.write(write))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Gives what is still to be written a moment."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_CLOSE_SECONDS)

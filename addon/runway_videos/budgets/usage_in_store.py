"""What callers have made, in a shared store: one count for all processes, also after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256

import msgspec

from runway_videos.budgets.keeping import KeepsUsage, UsageInMemory
from runway_videos.budgets.unfinished import plain
from runway_videos.budgets.usage import DAY_SECONDS, CallerUsage
from runway_videos.errors import ApiError
from runway_videos.idempotency import refusals
from runway_videos.idempotency.key_locks import KeyLocks
from runway_videos.store.later_writes import LaterWrites
from runway_videos.store.shared_state import SharedState, StoreUnavailableError

# How often a change is made anew because another process was faster.
_MAX_TRIES = 100
# So long a change waits for those before it.
_TURN_SECONDS = 10.0
# A video of the day before yesterday has ended.
_KEPT_SECONDS = 3.0 * DAY_SECONDS
#: Callers whose last known usage is kept, so that a change is one round trip.
_MAX_KNOWN = 1000


class UsageInStore:
    """Usage of callers in a shared state; in memory that of callers that have no limit."""

    def __init__(
        self,
        state: SharedState,
        is_limited: Callable[[str], bool],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._state = state
        self._is_limited = is_limited
        self._in_memory = UsageInMemory()
        self._known: dict[str, bytes | None] = {}
        self._locks = KeyLocks()
        self._later = LaterWrites(sleep, in_order=True)  # a video is made before it ends

    async def change(self, caller: str, step: Callable[[CallerUsage], CallerUsage]) -> CallerUsage:
        if not self._is_limited(caller):
            return await self._in_memory.change(caller, step)
        try:
            return await self._change(caller, step)
        except StoreUnavailableError as error:
            raise refusals.store_unavailable(str(error)) from error

    async def settle(
        self, caller: str, step: Callable[[CallerUsage], CallerUsage], then: Callable[[], None]
    ) -> None:
        if not self._is_limited(caller):
            await self._in_memory.settle(caller, step, then)
            if caller in self._known:  # its limit was lifted: what was counted under it ends there
                self._later.begin(lambda: self._change(caller, step))
            return

        async def change() -> None:
            await self._change(caller, step)
            then()

        self._later.begin(change)

    async def close(self) -> None:
        await self._later.close()

    async def _change(self, caller: str, step: Callable[[CallerUsage], CallerUsage]) -> CallerUsage:
        """One after another: changes at the same time would make each other's anew, again and again."""
        try:
            async with self._locks.hold(caller, _TURN_SECONDS):
                return await self._change_now(caller, step)
        except TimeoutError as error:
            raise StoreUnavailableError("a caller's usage could not be written in time") from error

    async def _change_now(self, caller: str, step: Callable[[CallerUsage], CallerUsage]) -> CallerUsage:
        key = f"usage:{sha256(caller.encode()).hexdigest()[:32]}"
        current, is_old = self._known.get(caller), True
        for _ in range(_MAX_TRIES):
            try:
                changed = step(_decode(current))
            except ApiError:
                if not is_old:
                    raise
                # Another process may have given back since.
                current, is_old = await self._state.get(key), False
                continue
            after = msgspec.msgpack.encode(changed, enc_hook=plain)
            swapped = await self._state.swap(key, current, after, _KEPT_SECONDS)
            current, is_old = swapped.current, False
            self._remember(caller, current)
            if swapped.done:
                return changed
        raise StoreUnavailableError("a caller's usage changed faster than it could be written")

    def _remember(self, caller: str, value: bytes | None) -> None:
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[caller] = value


def _decode(stored: bytes | None) -> CallerUsage:
    return msgspec.msgpack.decode(stored, type=CallerUsage) if stored else CallerUsage()


def kept_usage(state: SharedState | None, is_limited: Callable[[str], bool]) -> KeepsUsage:
    """Usage in `state`; in this process's memory where there is none."""
    return UsageInMemory() if state is None else UsageInStore(state, is_limited)

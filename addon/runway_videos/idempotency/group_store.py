"""Groups of creates in a shared store: changed, and written back only if nobody else has changed them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from runway_videos.idempotency import shared_group
from runway_videos.idempotency.group_keys import is_keyed
from runway_videos.idempotency.in_flight_create import Kept
from runway_videos.idempotency.key_locks import KeyLocks
from runway_videos.idempotency.shared_group import Group, SharedCreate
from runway_videos.store.later_writes import LaterWrites
from runway_videos.store.owners import Owners
from runway_videos.store.shared_state import SharedState, StoreUnavailableError

# How often a group is changed anew because another process was faster.
_MAX_TRIES = 100
# How long a change waits for this process's earlier ones of the same group.
_TURN_SECONDS = 5.0


class GroupStore:
    """Changes groups. `died` is told of sent creates whose process has died; `unknown` is their outcome.

    `now` gives unix seconds.
    """

    def __init__(
        self,
        state: SharedState,
        owners: Owners,
        kept: Kept,
        unknown: bytes,
        died: Callable[[SharedCreate], None],
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._state = state
        self._owners = owners
        self._kept = kept
        self._unknown = unknown
        self._died = died
        self._now = now
        self._turns = KeyLocks()
        self._later = LaterWrites(sleep)

    async def get(self, key: str) -> Group:
        """A group as it is stored."""
        return _decode(await self._state.get(key))

    async def change[R](
        self, key: str, change: Callable[[Group], R], known: bytes | None = None
    ) -> tuple[R, bytes | None]:
        """Changes a group, and gives what `change` gave and what is stored now.

        This process's changes of a group are made in the order in which they come.
        `known` is what is thought to be stored: where that is right, the change is one round trip.
        `change` is called again where it is not. What it raises is raised, and nothing is changed.
        """
        try:
            async with self._turns.hold(key, _TURN_SECONDS):
                return await self._change(key, change, known)
        except TimeoutError as error:
            raise StoreUnavailableError("earlier changes of this create take too long") from error

    async def _change[R](
        self, key: str, change: Callable[[Group], R], known: bytes | None
    ) -> tuple[R, bytes | None]:
        keyed, current = is_keyed(key), known
        for _ in range(_MAX_TRIES):
            group = _decode(current)
            now = self._now()
            dead = await self._owners.dead(group.running_owners())
            lost = shared_group.bury(group, dead, self._unknown, now)
            shared_group.prune(group, self._kept, keyed, now)
            result = change(group)
            new = None if group.is_empty else msgspec.msgpack.encode(group)
            swapped = await self._state.swap(key, current, new, shared_group.seconds_kept(self._kept, keyed))
            if swapped.done:
                for create in lost:
                    self._died(create)
                return result, new
            current = swapped.current
        raise StoreUnavailableError("a group of creates changed faster than it could be written")

    async def change_in_any_case(self, key: str, change: Callable[[Group], object]) -> None:
        """Changes a group, however long the store is away (up to a day)."""
        await self._later.write(lambda: self.change(key, change))


def _decode(stored: bytes | None) -> Group:
    return msgspec.msgpack.decode(stored, type=Group) if stored else Group()

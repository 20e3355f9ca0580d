"""Cooldowns that processes share: what one learned of a key, all know within a second."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from runway_videos.keys.cooldowns import CooldownChange, KeyReport
from runway_videos.store.shared_state import SharedState, StoreUnavailableError
from runway_videos.store.watched_state import WatchedState

#: How often other processes' changes are looked for, in seconds.
LOOK_SECONDS = 0.5
#: How long a change is kept at least, in seconds: a process that stood still learns of it, too.
KEPT_SECONDS = 60.0
_VALUE_SECONDS = 24 * 3600.0
_MAX_TRIES = 20
_MAX_ENTRIES = 4096
_KEY = "cooldowns"


class _Entry(msgspec.Struct, array_like=True, frozen=True):
    """A change at unix time `at`; `until` is in unix time, 0: it is over."""

    at: float
    until: float
    reason: str


type _Place = tuple[str, str, str]  # key, model, cause


class TellsCooldowns(Protocol):
    """What is asked of whoever shares cooldowns."""

    def start(self) -> None: ...
    def tell(self, change: CooldownChange) -> None: ...
    async def close(self) -> None: ...


class NoSharedCooldowns:
    """One process alone."""

    def start(self) -> None:
        """Nothing is to be looked for."""

    def tell(self, change: CooldownChange) -> None:
        """Nobody is there to be told."""

    async def close(self) -> None:
        """Nothing is to be ended."""


class SharedCooldowns:
    """Tells others of changes, and `learn` of theirs. `clock` as cooldowns have it, `now` in unix time."""

    def __init__(
        self,
        state: SharedState,
        learn: Callable[[CooldownChange], None],
        clock: Callable[[], float],
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._state = state
        self._learn = learn
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._known: dict[_Place, _Entry] = {}
        self._told: dict[_Place, _Entry] = {}  # what is still to be written
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Looks for changes from now on."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Ends that."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def tell(self, change: CooldownChange) -> None:
        """A cooldown began or ended in this process."""
        place = (change.name, change.model, change.cause.name)
        until = change.until - self._clock() + self._now() if change.until else 0.0
        self._told[place] = self._known[place] = _Entry(self._now(), until, change.reason)
        self._wake.set()

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(StoreUnavailableError):
                await self.exchange()
            self._wake.clear()
            wait = asyncio.create_task(self._wake.wait())
            pause = asyncio.ensure_future(self._sleep(LOOK_SECONDS))
            try:
                await asyncio.wait((wait, pause), return_when=asyncio.FIRST_COMPLETED)
            finally:
                wait.cancel()
                pause.cancel()

    async def exchange(self) -> None:
        """Learns what others have told, and writes what this process has to tell."""
        current = await self._state.get(_KEY)
        for _ in range(_MAX_TRIES):
            stored = _decode(current)
            for place, entry in stored.items():
                self._take(place, entry)
            told = dict(self._told)
            if not told:
                return
            news = {at: entry for at, entry in told.items() if at not in stored or stored[at].at < entry.at}
            swapped = await self._state.swap(_KEY, current, self._encode(stored | news), _VALUE_SECONDS)
            if swapped.done:
                # What was told meanwhile stays to be written.
                self._told = {at: entry for at, entry in self._told.items() if told.get(at) is not entry}
                return
            current = swapped.current

    def _take(self, place: _Place, entry: _Entry) -> None:
        known = self._known.get(place)
        if known is not None and known.at >= entry.at:
            return
        self._known[place] = entry
        until = entry.until - self._now() + self._clock() if entry.until else 0.0
        name, model, cause = place
        if cause in KeyReport.__members__:  # a newer version may know more
            self._learn(CooldownChange(name, model, KeyReport[cause], until, entry.reason))

    def _encode(self, entries: dict[_Place, _Entry]) -> bytes:
        now = self._now()
        fresh = {at: each for at, each in entries.items() if max(each.at + KEPT_SECONDS, each.until) > now}
        self._known = {at: entry for at, entry in self._known.items() if at in fresh}
        newest = sorted(fresh.items(), key=lambda item: -item[1].at)
        return msgspec.msgpack.encode(newest[:_MAX_ENTRIES])


def shared_cooldowns(
    state: WatchedState | None,
    learn: Callable[[CooldownChange], None],
    clock: Callable[[], float],
) -> TellsCooldowns:
    """Cooldowns in `state`; this process's alone where there is none."""
    return NoSharedCooldowns() if state is None else SharedCooldowns(state, learn, clock, state.now)


def _decode(stored: bytes | None) -> dict[_Place, _Entry]:
    found = msgspec.msgpack.decode(stored, type=list[tuple[_Place, _Entry]]) if stored else []
    return dict(found)

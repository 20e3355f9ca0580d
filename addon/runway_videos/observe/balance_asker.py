"""Asks Runway what each key's organisation has left: at the start, and when a create or a scrape comes,
at most every 5 minutes for a key. Nothing waits for an answer but the start, and that not for long.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from runway_videos import events
from runway_videos.config.settings import Settings
from runway_videos.events import Event
from runway_videos.keys import balances
from runway_videos.keys.pool import Key
from runway_videos.runtime import Runtime
from runway_videos.upstream.client import NotSentError, UnknownOutcomeError
from runway_videos.upstream.judge_create import reason_of

#: Between two questions about a key, in seconds.
INTERVAL_SECONDS = 300.0
#: So long the start waits for all answers.
START_SECONDS = 2.0


type _Place = tuple[str, str]


class BalanceAsker:
    """A sink: creates make it ask. Outlives runtimes; `current` gives the newest. Asks once it is started."""

    def __init__(self, current: Callable[[], Runtime]) -> None:
        self._current = current
        self._started = False
        # By name and value: a new value may be another organisation's.
        self._asked: dict[_Place, float] = {}
        self._told: set[_Place] = set()
        self._under_way: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Asks for every key."""
        self._started = True
        self.ask_due()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=START_SECONDS)

    def use(self, settings: Settings) -> None:
        """Other settings come: what is known of a key's earlier value is forgotten."""
        same = {_place_of(key) for key in self._current().settings.keys}
        for key in settings.keys:
            if _place_of(key) not in same:
                self._current().balances.forget(key.name)

    def stop(self) -> None:
        """Asks no more."""
        self._started = False
        for task in self._under_way:
            task.cancel()

    def __call__(self, event: Event) -> None:
        if isinstance(event, events.CreateSending):
            self.ask_due()
        elif isinstance(event, events.VideoSubmitted) and event.credits is not None:
            self._current().balances.spend(event.key, event.credits)

    def ask_due(self) -> None:
        """Asks for each key that was not asked for within the interval."""
        runtime = self._current()
        if not self._started or runtime.settings.sandbox:
            return
        keys, now = {_place_of(key): key for key in runtime.settings.keys}, runtime.clock()
        self._asked = {place: when for place, when in self._asked.items() if place in keys}
        self._told.intersection_update(keys)
        for place, key in keys.items():
            if now - self._asked.get(place, float("-inf")) >= INTERVAL_SECONDS:
                self._asked[place] = now
                task = asyncio.get_running_loop().create_task(self._ask(runtime, key))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

    async def _ask(self, runtime: Runtime, key: Key) -> None:
        problem, found, refused = "no answer in time", None, False
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(runtime.timeouts.key_check):
                    reply = await runtime.client.get_organization(key)
                    problem = f"HTTP {reply.status} {reason_of(reply)}".strip()
                    refused = reply.status == 401 and bool(reason_of(reply))
                    found = balances.read(reply.json() or {}) if reply.status == 200 else None
        except (NotSentError, UnknownOutcomeError) as error:
            problem = str(error)
        first = (place := _place_of(key)) not in self._told
        self._told.add(place)
        if found is not None:
            runtime.balances.learn(key.name, found)
            runtime.events.emit(events.BalanceKnown(key.name, found, first))
        elif first or refused:
            runtime.events.emit(events.BalanceUnknown(key.name, problem, refused, first))


def _place_of(key: Key) -> _Place:
    return key.name, key.value

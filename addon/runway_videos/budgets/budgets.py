"""Callers' budgets: reserved when a create begins, settled when its outcome and its cost are known."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any
from uuid import uuid4

from runway_videos import events
from runway_videos.budgets import refusals
from runway_videos.budgets.keeping import KeepsUsage
from runway_videos.budgets.levels import Reached, told, told_refused
from runway_videos.budgets.usage import CallerUsage
from runway_videos.config.caller_options import Limits
from runway_videos.errors import ApiError
from runway_videos.events import Event
from runway_videos.store.owners import Owners
from runway_videos.store.shared_state import StoreUnavailableError


class Reservation:
    """One create that is counted. It is settled once, by one of the three methods."""

    def __init__(self, budgets: Budgets, caller: str, limits: Limits, create: str) -> None:
        self._budgets = budgets
        self._caller = caller
        self._limits = limits
        self._create = create

    async def made(self, task: str, video_id: str, credits: float | None) -> None:
        """Runway has made the task, which costs about so much; None: not known."""
        create, caller, limits = self._create, self._caller, self._limits
        await self._budgets.tell(
            caller, lambda usage: told(caller, limits, usage.made(create, task, video_id, credits))
        )

    async def lost(self) -> None:
        """A task was made or may have been made that nobody can find: it counts as spent."""
        await self._budgets.settle(self._caller, lambda usage: usage.lost(self._create))

    async def give_back(self) -> None:
        """Nothing was made."""
        await self._budgets.settle(self._caller, lambda usage: usage.not_made(self._create))


class Budgets:
    """What callers have made today. Outlives runtimes; as a sink of events it learns what videos cost.

    `now` gives unix seconds. `start` begins a task for what an event says. `owners` are the processes
    that share what is kept, None: there is this one alone. `emit` is told of what limits come to.
    """

    def __init__(
        self,
        kept: KeepsUsage,
        now: Callable[[], float],
        start: Callable[[Coroutine[Any, Any, object]], asyncio.Task[object]] = asyncio.create_task,
        owners: Owners | None = None,
        emit: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self._emit = emit
        self._kept = kept
        self._owners = owners
        self._now = now
        self._start = start
        self._tasks: set[asyncio.Task[object]] = set()
        self._process, self._numbers = owners.name if owners else uuid4().hex, count()

    async def reserve(self, caller: str, limits: Limits, credits: float | None) -> Reservation:
        """Counts a create that is expected to cost so much; None: not known.

        Raises ApiError 429 where it would be over a limit, `AtConcurrencyLimit` for the last of them;
        503 where it cannot be counted now.
        """
        create, now = f"{self._process}-{next(self._numbers)}", self._now()
        before, reached = CallerUsage(), tuple[Reached, ...]()

        def step(usage: CallerUsage) -> CallerUsage:
            nonlocal before, reached
            before = usage
            refusals.check(caller, limits, usage, credits, now)
            usage, reached = told(caller, limits, usage.reserved(create, credits or 0.0, now))
            return usage

        try:
            await self.change(caller, step)
        except refusals.OverDay as error:
            what, text = error.what, error.message
            if told_refused(limits, before, what, text)[1]:  # else it is not written for nothing
                await self.tell(caller, lambda usage: told_refused(limits, usage, what, text))
            raise
        except ApiError as error:
            if error.status == 503:  # it may be counted: the store's answer may have been lost
                await self.settle(caller, lambda usage: usage.not_made(create))
            raise
        self._emit_all(caller, reached)
        return Reservation(self, caller, limits, create)

    async def ended(self, caller: str, task: str, credits: float | None) -> None:
        """A video has ended, or is gone; `credits` is what it cost, None: not known."""
        await self.settle(caller, lambda usage: usage.ended(task, credits))

    async def key_refused(self, caller: str, task: str) -> None:
        """Runway refuses the key that made a video: nobody can ask about it."""
        await self.settle(caller, lambda usage: usage.key_refused(task))

    async def end_abandoned(self, caller: str) -> None:
        """Ends the caller's creates whose process has died, and videos that nobody could ask about.

        Raises ApiError 503 where that cannot be kept now.
        """
        creators, now = (await self.usage(caller)).creators(), self._now()
        dead: set[str] = set()
        if self._owners is not None:
            with contextlib.suppress(StoreUnavailableError):
                dead = await self._owners.dead(creators)
        await self.change(caller, lambda usage: usage.abandoned(dead, now))

    async def usage(self, caller: str) -> CallerUsage:
        """The caller's sums of today."""
        return await self.change(caller, lambda usage: usage)

    async def change(self, caller: str, step: Callable[[CallerUsage], CallerUsage]) -> CallerUsage:
        """One step of a caller's usage, on the day that it is."""
        now = self._now()
        return await self._kept.change(caller, lambda usage: step(usage.on(now)))

    async def settle(self, caller: str, step: Callable[[CallerUsage], CallerUsage]) -> None:
        """A step for what has happened: it is kept as soon as it can be."""
        now = self._now()
        await self._kept.settle(caller, lambda usage: step(usage.on(now)), lambda: None)

    async def tell(
        self, caller: str, step: Callable[[CallerUsage], tuple[CallerUsage, tuple[Reached, ...]]]
    ) -> None:
        """The same for a step that may reach a level of a limit, which is told when it is kept."""
        now, reached = self._now(), tuple[Reached, ...]()

        def change(usage: CallerUsage) -> CallerUsage:
            nonlocal reached
            usage, reached = step(usage.on(now))
            return usage

        await self._kept.settle(caller, change, lambda: self._emit_all(caller, reached))

    def _emit_all(self, caller: str, reached: tuple[Reached, ...]) -> None:
        for each in reached:
            self._emit(events.BudgetReached(caller, each.percent, each.text))

    async def close(self) -> None:
        """Gives what is still to be kept a moment."""
        await self._kept.close()

    def __call__(self, event: Event) -> None:
        match event:
            case events.VideoEnded(video=video, task=task, state=state):
                self._later(self.ended(video.caller, task, state.credits))
            case events.VideoDeleted(video=video, task=task):
                self._later(self.ended(video.caller, task, None))

    def _later(self, change: Coroutine[Any, Any, object]) -> None:
        task = self._start(change)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

"""What budgets tell while creates come and go: each level once a day, over all processes."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos import events
from runway_videos.budgets.budgets import Budgets, Reservation
from runway_videos.budgets.keeping import KeepsUsage, UsageInMemory
from runway_videos.budgets.usage_in_store import UsageInStore
from runway_videos.config.caller_options import Limits
from runway_videos.errors import ApiError
from runway_videos.events import Event
from unit.store.fake_state import FakeState

NOW = 1_700_000_000.0


class Told:
    """Budgets of processes that keep their sums in one place, and what all of them told."""

    def __init__(self, *kept: KeepsUsage) -> None:
        self.events: list[Event] = []
        self.budgets = [Budgets(each, lambda: NOW, emit=self.events.append) for each in kept]

    @property
    def found(self) -> list[tuple[int, str]]:
        """Percent, and what follows the caller's name."""
        told = [each for each in self.events if isinstance(each, events.BudgetReached)]
        return [(each.percent, each.text.partition(";")[0]) for each in told]

    async def refused(self, limits: Limits, credits: float, process: int = 0) -> None:
        with pytest.raises(ApiError) as raised:
            await self.budgets[process].reserve("app", limits, credits)
        assert raised.value.status == 429


def test_a_level_that_is_reached_by_a_better_known_cost_is_told_then() -> None:
    async def run() -> None:
        told, limits = Told(UsageInMemory()), Limits(credits_per_day=100)
        reservation = await told.budgets[0].reserve("app", limits, None)
        assert told.found == []
        await reservation.made("t1", "v1", 85.0)
        assert told.found == [(80, "app has used 80 % of its day: 85 of 100 credits")]

    asyncio.run(run())


def test_a_create_that_is_given_back_and_made_again_tells_nothing_new() -> None:
    async def run() -> None:
        told, limits = Told(UsageInMemory()), Limits(videos_per_day=1)
        for _ in range(3):
            await (await told.budgets[0].reserve("app", limits, 5.0)).give_back()
        assert told.found == [(100, "app has used 100 % of its day: 1 of 1 videos")]

    asyncio.run(run())


def test_a_refusal_is_told_once_and_costs_no_more_writes() -> None:
    async def run() -> None:
        state = FakeState(lambda: NOW)
        told, limits = Told(UsageInStore(state, lambda caller: True)), Limits(credits_per_day=100)
        await told.budgets[0].reserve("app", limits, 60.0)
        for _ in range(3):
            await told.refused(limits, 60.0)
            await asyncio.sleep(0.01)
        words = "app may spend 100 credits a day, 60 are spent and this video takes about 60"
        assert told.found == [(60, words)]
        before = dict(state.values)
        await told.refused(limits, 60.0)
        assert state.values == before
        await told.budgets[0].close()

    asyncio.run(run())


def test_a_create_that_is_too_large_for_a_whole_day_is_no_end_of_it() -> None:
    async def run() -> None:
        told, limits = Told(UsageInMemory()), Limits(credits_per_day=100)
        await told.refused(limits, 150.0)
        assert told.found == []

    asyncio.run(run())


def test_processes_that_share_a_store_tell_each_level_once_together() -> None:
    async def run() -> None:
        state, limits = FakeState(lambda: NOW), Limits(videos_per_day=10)
        told = Told(*(UsageInStore(state, lambda caller: True) for _ in range(2)))
        tries = [told.budgets[number % 2].reserve("app", limits, 5.0) for number in range(10)]
        for each in await asyncio.gather(*tries):
            assert isinstance(each, Reservation)
        for process in (0, 1):
            await told.refused(limits, 5.0, process)
        assert [percent for percent, _ in told.found] == [80, 100]
        for budgets in told.budgets:
            await budgets.close()

    asyncio.run(run())

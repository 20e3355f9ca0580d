"""One count for all processes."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos.budgets.budgets import Budgets, Reservation
from runway_videos.budgets.usage_in_store import UsageInStore
from runway_videos.config.caller_options import Limits
from runway_videos.errors import ApiError
from runway_videos.store.owners import LEASE_SECONDS, Owners
from runway_videos.store.shared_state import SharedState
from unit.store.engines import ENGINES, engine
from unit.store.fake_state import FakeState

pytestmark = pytest.mark.slow

NOW = 1_700_000_000.0


async def sleep(seconds: float) -> None:
    await asyncio.sleep(0)


def budgets(state: SharedState, owners: Owners | None = None) -> Budgets:
    """Those of one process."""
    return Budgets(UsageInStore(state, lambda caller: caller == "app", sleep), lambda: NOW, owners=owners)


@pytest.mark.parametrize("name", ENGINES)
def test_processes_together_make_no_more_than_a_caller_may(name: str) -> None:
    async def run() -> None:
        with engine(name) as found:
            states = [found.open(), found.open()]
            both = [budgets(state) for state in states]
            limits = Limits(videos_per_day=10)
            tries = [both[number % 2].reserve("app", limits, 5.0) for number in range(30)]
            got = await asyncio.gather(*tries, return_exceptions=True)
            assert sum(isinstance(each, Reservation) for each in got) == 10
            assert {each.code for each in got if isinstance(each, ApiError)} == {"insufficient_quota"}
            usages = [await each.usage("app") for each in both]
            assert usages[0] == usages[1]
            assert (usages[0].videos, usages[0].credits) == (10, 50.0)
            for each, state in zip(both, states, strict=True):
                await each.close()
                await state.close()

    asyncio.run(run())


def test_what_one_gives_back_the_other_may_use() -> None:
    async def run() -> None:
        state = FakeState(lambda: NOW)
        one, other, limits = budgets(state), budgets(state), Limits(videos_per_day=1)
        reservation = await one.reserve("app", limits, 5.0)
        with pytest.raises(ApiError, match="video"):
            await other.reserve("app", limits, 5.0)
        await reservation.give_back()
        await one.close()
        assert await other.reserve("app", limits, 5.0)

    asyncio.run(run())


def test_a_create_that_was_counted_though_the_answer_was_lost_is_given_back() -> None:
    async def run() -> None:
        state = FakeState(lambda: NOW)
        one, other, limits = budgets(state), budgets(state), Limits(concurrency=1)
        state.loses = lambda key: True
        with pytest.raises(ApiError) as raised:
            await one.reserve("app", limits, 5.0)
        assert raised.value.code == "store_unavailable"
        state.loses = lambda key: False
        await one.close()
        usage = await other.usage("app")
        assert (usage.videos, usage.credits, usage.unfinished) == (0, 0.0, {})
        assert await other.reserve("app", limits, 5.0)

    asyncio.run(run())


def test_a_store_that_is_away_stops_creates_and_forgets_no_cost() -> None:
    async def run() -> None:
        state = FakeState(lambda: NOW)
        one, other = budgets(state), budgets(state)
        reservation = await one.reserve("app", Limits(), 5.0)
        state.is_away = True
        with pytest.raises(ApiError) as raised:
            await one.reserve("app", Limits(), 5.0)
        assert (raised.value.status, raised.value.code) == (503, "store_unavailable")
        await reservation.made("task", "video", 7.0)
        await one.ended("app", "task", 8.0)
        await asyncio.sleep(0)
        state.is_away = False
        await one.close()
        usage = await other.usage("app")
        assert (usage.videos, usage.credits, dict(usage.unfinished)) == (1, 8.0, {})

    asyncio.run(run())


def test_many_creates_at_once_of_one_process_are_all_counted() -> None:
    async def run() -> None:
        one = budgets(FakeState(lambda: NOW))
        await asyncio.gather(*(one.reserve("app", Limits(), 5.0) for _ in range(300)))
        assert (await one.usage("app")).videos == 300

    asyncio.run(run())


def test_a_create_of_a_process_that_died_is_unfinished_no_more_and_stays_spent() -> None:
    async def run() -> None:
        now, state = 0.0, FakeState(lambda: NOW + now)
        dead, alive = (Owners(state, lambda: now) for _ in range(2))
        one, other = (budgets(state, owners) for owners in (dead, alive))
        await alive.be_alive()
        await dead.be_alive()
        await one.reserve("app", Limits(), 5.0)
        now = LEASE_SECONDS - 1
        await dead.be_alive()
        await other.end_abandoned("app")
        assert len((await other.usage("app")).unfinished) == 1
        now += LEASE_SECONDS + 1
        await alive.be_alive()
        await other.end_abandoned("app")
        usage = await other.usage("app")
        assert (usage.videos, usage.credits, dict(usage.unfinished)) == (1, 5.0, {})
        await asyncio.gather(dead.close(), alive.close())

    asyncio.run(run())


def test_a_process_alone_needs_one_round_trip_a_step() -> None:
    async def run() -> int:
        state = FakeState(lambda: NOW)
        one = budgets(state)
        await one.reserve("app", Limits(), 5.0)
        before = state.trips
        await one.reserve("app", Limits(), 5.0)
        return state.trips - before

    assert asyncio.run(run()) == 1


def test_what_a_lifted_limit_counted_is_still_settled() -> None:
    async def run() -> None:
        state, limited = FakeState(lambda: NOW), {"app"}
        one = Budgets(UsageInStore(state, lambda caller: caller in limited, sleep), lambda: NOW)
        reservation = await one.reserve("app", Limits(), 5.0)
        await reservation.made("task", "video", 7.0)
        limited.clear()
        await one.ended("app", "task", 8.0)
        await one.close()
        usage = await budgets(state).usage("app")
        assert (usage.videos, usage.credits, dict(usage.unfinished)) == (1, 8.0, {})

    asyncio.run(run())


def test_who_has_no_limit_costs_no_round_trip() -> None:
    async def run() -> int:
        state = FakeState(lambda: NOW)
        one = budgets(state)
        reservation = await one.reserve("free", Limits(), 5.0)
        await reservation.made("task", "video", 7.0)
        assert (await one.usage("free")).credits == 7.0
        return state.trips

    assert asyncio.run(run()) == 0

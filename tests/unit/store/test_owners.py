"""Signs of life: who is taken for dead, and when nobody may be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from runway_videos.store.owners import BEAT_SECONDS, LEASE_SECONDS, Owners
from runway_videos.store.shared_state import StoreUnavailableError
from unit.store.fake_state import FakeState


class World:
    """Two processes, one store, and a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.state = FakeState(lambda: self.now)
        self.lost = 0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self.one, self.other = self.process(), self.process()

    def process(self) -> Owners:
        return Owners(self.state, lambda: self.now, self.sleep, self.lose)

    def lose(self) -> None:
        self.lost += 1

    async def sleep(self, seconds: float) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, done))
        await done

    async def pass_time(self, seconds: float) -> None:
        """In steps, each long enough for all that is due to be done."""
        end = self.now + seconds
        while self.now < end:
            self.now += 0.5
            due = [done for at, done in self._sleepers if at <= self.now]
            self._sleepers = [each for each in self._sleepers if each[0] > self.now]
            for done in due:
                if not done.cancelled():
                    done.set_result(None)
            for _ in range(20):
                await asyncio.sleep(0)


def run(test: Callable[[World], Awaitable[None]]) -> None:
    async def inside() -> None:
        world = World()
        world.one.start()
        world.other.start()
        try:
            await test(world)
        finally:
            await world.one.close()
            await world.other.close()

    asyncio.run(inside())


def test_a_process_that_gives_no_sign_is_dead_after_its_lease() -> None:
    async def test(world: World) -> None:
        await world.pass_time(2 * LEASE_SECONDS)
        assert await world.one.dead([world.one.name, world.other.name, "nobody"]) == {"nobody"}
        await world.other.close()
        assert await world.one.dead([world.other.name]) == {world.other.name}

    run(test)


def test_nobody_is_dead_for_a_process_that_has_just_begun() -> None:
    async def test(world: World) -> None:
        await world.pass_time(LEASE_SECONDS - 1)
        assert await world.one.dead(["nobody"]) == set()

    run(test)


def test_nobody_is_dead_when_the_store_has_just_come_back() -> None:
    """All signs of life have ended meanwhile: those that live are given the time to give another."""

    async def test(world: World) -> None:
        await world.pass_time(2 * LEASE_SECONDS)
        world.state.is_away = True
        await world.pass_time(2 * LEASE_SECONDS)
        world.state.is_away = False
        for _ in range(int(2 * (LEASE_SECONDS + BEAT_SECONDS)) + 2):
            await world.pass_time(0.5)
            assert await world.one.dead([world.other.name]) == set()
        assert await world.one.dead(["nobody"]) == {"nobody"}

    run(test)


def test_signs_are_given_though_the_store_was_away_at_the_start() -> None:
    async def test(world: World) -> None:
        world.state.is_away = True
        late = world.process()
        with pytest.raises(StoreUnavailableError):
            await late.be_alive()
        world.state.is_away = False
        await world.pass_time(BEAT_SECONDS + 1)
        assert await world.state.get(f"process:{late.name}")
        await late.close()

    run(test)


def test_all_who_ask_at_once_while_it_is_away_wait_for_one_sign() -> None:
    async def test(world: World) -> None:
        await world.pass_time(1)  # the others have given theirs
        late = world.process()
        world.state.is_away = True
        before = world.state.trips
        asked = [asyncio.ensure_future(late.be_alive()) for _ in range(100)]
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(each) for each in results} == {StoreUnavailableError}
        assert world.state.trips == before + 1
        world.state.is_away = False
        await late.be_alive()
        await late.close()
        assert await world.state.get(f"process:{late.name}") is None

    run(test)


def test_a_store_that_has_lost_its_data_is_told_of_once_by_each() -> None:
    async def test(world: World) -> None:
        also: list[str] = []
        world.one.when_data_is_lost(lambda: also.append("one"))
        await world.pass_time(2 * LEASE_SECONDS)
        world.state.lose_all()
        await world.pass_time(2 * BEAT_SECONDS + 1)
        assert (world.lost, also) == (2, ["one"])
        assert await world.one.dead(["nobody"]) == set()

    run(test)

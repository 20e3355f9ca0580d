"""A create is answered when its webhooks cannot be forgotten any more, or a moment later."""

from __future__ import annotations

import asyncio

from unit.loopback import in_a_loop
from unit.store.fake_state import FakeState
from unit.webhooks.stored_world import TAKEN_OVER, World


class SlowState(FakeState):
    """Lists of webhooks' videos are written when `writes` is set."""

    def __init__(self, world: World) -> None:
        super().__init__(lambda: world.now)
        self.writes = asyncio.Event()

    async def add(self, key: str, item: bytes, seconds: float, oldest: bytes) -> None:
        if key.startswith("hook-videos:"):
            await self.writes.wait()
        await super().add(key, item, seconds, oldest)


@in_a_loop
async def test_an_answer_waits_for_its_video_to_be_written() -> None:
    world = World(SlowState)
    assert isinstance(world.state, SlowState)
    one = await world.start()
    await world.start()
    asked = asyncio.ensure_future(one.create())
    await world.settle()
    assert len(world.runway.tasks) == 1
    assert not asked.done()
    world.state.writes.set()
    video_id = await asked
    world.kill(one)  # in the moment of its answer
    world.end_all()
    await world.pass_time(TAKEN_OVER)
    assert world.told(video_id) == ["video.completed"]


@in_a_loop
async def test_an_answer_waits_a_moment_for_a_store_that_does_not_answer() -> None:
    world = World(SlowState)
    assert isinstance(world.state, SlowState)
    one = await world.start()
    asked = asyncio.ensure_future(one.create())
    await world.pass_time(2.9)
    assert not asked.done()
    await world.pass_time(0.2)
    video_id = await asked
    world.state.writes.set()  # it is written when it can be
    world.end_all()
    await world.pass_time(60)
    assert world.told(video_id) == ["video.completed"]


@in_a_loop
async def test_an_answer_waits_a_moment_for_a_store_that_is_away() -> None:
    world = World()
    one = await world.start()
    made = one.runways[-1].create

    async def away_once_it_is_made(*of: object) -> object:
        reply = await made(*of)  # type: ignore[arg-type]
        world.fake.is_away = True
        return reply

    one.runways[-1].create = away_once_it_is_made  # type: ignore[method-assign, assignment]
    asked = asyncio.ensure_future(one.create())
    await world.pass_time(4)
    video_id = await asked
    world.fake.is_away = False
    world.end_all()
    await world.pass_time(60)
    assert world.told(video_id) == ["video.completed"]

"""What a process that has ended, or stands still, has left: another one tells it."""

from __future__ import annotations

import itertools
import logging

import pytest

from unit.loopback import in_a_loop
from unit.webhooks.stored_world import TAKEN_OVER, World


@in_a_loop
async def test_what_a_killed_process_has_made_is_told_by_another(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = World()
    one = await world.start()
    await world.start()
    ids = [await one.create() for _ in range(3)]
    world.kill(one)
    world.end_all()
    await world.pass_time(TAKEN_OVER)
    assert [world.told(video_id) for video_id in ids] == [["video.completed"]] * 3
    assert (
        "webhook: hooks.example: this process tells the ends of 3 videos of one that has ended"
        in caplog.messages
    )


@in_a_loop
async def test_what_was_due_when_a_process_died_is_told_after_a_restart() -> None:
    world = World()
    one = await world.start()
    video_id = await one.create()
    world.problem = "HTTP 500"
    world.end_all()
    await world.pass_time(20)
    world.kill(one)
    world.now += 3 * 3600  # nobody was there for longer than an event is tried
    await world.start()
    await world.pass_time(TAKEN_OVER)
    assert world.taken == []
    world.problem = ""
    await world.pass_time(100)
    assert world.told(video_id) == ["video.completed"]


@in_a_loop
async def test_a_process_that_is_stopped_leaves_what_is_due(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = World()
    one = await world.start()
    due = await one.create()
    world.end_all()
    world.problem = "HTTP 500"
    await world.pass_time(10)
    runs = await one.create()
    await world.stop(one)
    assert (
        "webhooks: the process ends; 1 event, and the ends of 1 video, are left to another process or to "
        "the next start: they are in the store" in caplog.messages
    )
    assert not any("is not told" in line for line in caplog.messages)
    world.problem = ""
    await world.start()
    world.end_all()
    await world.pass_time(TAKEN_OVER)
    assert world.told(due) == world.told(runs) == ["video.completed"]


@pytest.mark.parametrize("number", range(8))
@in_a_loop
async def test_whichever_answer_of_the_store_is_lost_in_a_take_over_the_end_is_told(number: int) -> None:
    world = World()
    one, other = await world.start(), await world.start()
    video_id, _ = await one.create(), await other.create()
    world.problem = "HTTP 500"
    world.end_all()
    await world.pass_time(20)
    world.kill(one)
    answers = itertools.count()
    world.fake.loses = lambda key: key.startswith("hook-") and next(answers) == number
    await world.pass_time(TAKEN_OVER)
    world.problem = ""
    await world.pass_time(1200)
    assert world.told(video_id) == ["video.completed"]


@in_a_loop
async def test_one_that_stood_still_tells_nothing_that_another_has_told() -> None:
    world = World()
    one = await world.start()
    await world.start()
    video_id = await one.create()
    world.problem = "HTTP 500"
    world.end_all()
    await world.pass_time(10)
    one.life.goes_on.clear()
    world.problem = ""
    await world.pass_time(TAKEN_OVER)
    assert world.told(video_id) == ["video.completed"]
    one.life.goes_on.set()
    await world.pass_time(3600)
    assert world.told(video_id) == ["video.completed"]


@in_a_loop
async def test_who_takes_over_may_die_too() -> None:
    world = World()
    one, other = await world.start(), await world.start()
    due, runs = await one.create(), await one.create()
    world.problem = "HTTP 500"
    world.end(next(iter(world.runway.tasks)))
    await world.pass_time(20)
    world.kill(one)
    await world.pass_time(TAKEN_OVER)
    world.kill(other)
    world.problem = ""
    await world.start()
    world.end_all()
    await world.pass_time(TAKEN_OVER)
    assert world.told(due) == world.told(runs) == ["video.completed"]

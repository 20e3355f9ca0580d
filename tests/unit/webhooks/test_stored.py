"""Webhooks of processes that share a store: each end is told, whoever dies, and once where nobody does."""

from __future__ import annotations

import logging

import pytest

from unit.loopback import in_a_loop
from unit.webhooks.harness import DONE
from unit.webhooks.stored_world import TAKEN_OVER, World

FAILED = {"status": "FAILED", "failure": "why"}


@in_a_loop
async def test_two_processes_tell_each_end_once() -> None:
    world = World()
    one, other = await world.start(), await world.start()
    ids = [await each.create() for each in (one, other) * 10]
    await world.pass_time(20)
    world.end_all()
    await world.pass_time(3600)
    assert sorted(event["data"]["id"] for event in world.taken) == sorted(ids)


@in_a_loop
async def test_an_end_that_another_process_sees_is_told_by_that_one() -> None:
    world = World()
    one, other = await world.start(), await world.start()
    video_id = await one.create()
    await world.settle()
    world.end_all()
    await other.video("GET", f"/{video_id}")
    await world.settle()
    assert len(other.receiver.sent) == 1
    await world.pass_time(3600)
    assert world.told(video_id) == ["video.completed"]


@in_a_loop
async def test_an_end_during_which_the_store_is_away_is_told_when_it_is_back() -> None:
    world = World()
    one = await world.start()
    video_id = await one.create()
    world.fake.is_away = True
    world.end_all()
    await world.pass_time(1000)
    assert world.taken == []
    world.fake.is_away = False
    await world.pass_time(60)
    assert world.told(video_id) == ["video.completed"]


@in_a_loop
async def test_a_store_that_lost_all_costs_no_event() -> None:
    world = World()
    one = await world.start()
    due, runs = await one.create(), await one.create()
    first, second = world.runway.tasks
    world.problem = "HTTP 500"
    world.end(first)
    await world.pass_time(20)
    world.fake.lose_all()
    world.problem = ""
    await world.pass_time(60)
    assert world.told(due) == ["video.completed"]
    await world.start()
    world.kill(one)  # what it has made has been written again by then
    world.end(second)
    await world.pass_time(TAKEN_OVER)
    assert world.told(runs) == ["video.completed"]


@in_a_loop
async def test_a_failure_that_is_taken_back_is_told_before_that() -> None:
    world = World()
    one, other = await world.start(), await world.start()
    video_id = await one.create()
    (task,) = world.runway.tasks
    world.problem = "HTTP 500"
    world.end(task, **FAILED)
    await world.pass_time(20)
    world.end(task, **DONE)
    await world.pass_time(300)
    await other.ask("GET", f"/{video_id}/content")  # asks Runway again
    await world.pass_time(1)
    world.problem = ""
    await world.pass_time(3600)
    assert world.told(video_id) == ["video.failed", "video.completed"]


@in_a_loop
async def test_a_video_that_is_deleted_at_another_process_is_not_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    world = World()
    one, other = await world.start(), await world.start()
    video_id = await one.create()
    await world.pass_time(70)  # Runway's 404 is believed by then
    await other.video("DELETE", f"/{video_id}")
    await world.pass_time(3600)
    assert world.taken == []
    assert not any("nobody is told" in line for line in caplog.messages)
    calls = one.runway.times("get")
    await world.pass_time(600)
    assert one.runway.times("get") == calls


@in_a_loop
async def test_a_webhook_that_is_not_known_here_waits_for_one_that_knows_it() -> None:
    world = World()
    one = await world.start()
    video_id = await one.create()
    await world.settle()
    world.kill(one)
    other = await world.start(webhooks=[])
    world.end_all()
    await other.video("GET", f"/{video_id}")
    await world.pass_time(TAKEN_OVER)
    await world.start()
    await world.pass_time(TAKEN_OVER)
    assert world.told(video_id) == ["video.completed"]


@in_a_loop
async def test_nothing_is_left_in_the_store_of_what_was_told_a_day_ago() -> None:
    world = World()
    one, other = await world.start(), await world.start()
    for each in (one, other) * 3:
        await each.create()
    world.kill(one)
    world.end_all()
    await world.pass_time(TAKEN_OVER)
    lists = [items for key, items in world.fake.lists.items() if key.startswith("hook-videos:")]
    assert not any(lists)
    processes = [items for key, items in world.fake.lists.items() if key.startswith("hook-processes:")]
    assert [len(items) for items in processes] == [1]
    world.now += 25 * 3600
    for key in world.fake.values:
        if key.startswith("hook-"):
            assert await world.fake.get(key) is None
    assert not any("hooks.example" in key or "hush" in key for key in (*world.fake.values, *world.fake.lists))

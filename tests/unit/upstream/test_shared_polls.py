"""Polls of two processes that share a store: what one has said the other does not take back."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos.errors import ApiError
from unit.fake_runway import ok
from unit.loopback import in_a_loop
from unit.webhooks.stored_world import World


@pytest.mark.parametrize("late", [{"status": "RUNNING", "progress": 0.1}, {"status": "PENDING"}])
@in_a_loop
async def test_an_answer_that_comes_late_takes_back_nothing(late: dict[str, object]) -> None:
    world = World()
    one, other = await world.start(), await world.start()
    video_id = await one.create()
    (task,) = world.runway.tasks
    slow = one.runways[-1]
    slow.answers_polls.clear()
    slow.next["get"].append(ok({"id": task, "createdAt": "2026-10-01T00:00:00Z", **late}))
    asked = asyncio.ensure_future(one.video("GET", f"/{video_id}"))
    await world.pass_time(6)  # the other's turn to ask
    world.end(task, status="RUNNING", progress=0.6)
    assert (await other.video("GET", f"/{video_id}"))["progress"] == 60
    await world.pass_time(6)
    world.end(task)
    assert (await other.video("GET", f"/{video_id}"))["status"] == "completed"
    slow.answers_polls.set()
    assert (await asked)["status"] == "completed"
    assert (await one.video("GET", f"/{video_id}"))["status"] == "completed"
    slow.next["get"].append(ok({"id": task, "createdAt": "2026-10-01T00:00:00Z", **late}))
    with pytest.raises(ApiError) as raised:
        await one.ask("GET", f"/{video_id}/content")
    assert raised.value.code == "content_unavailable"  # not: it is not ready


@in_a_loop
async def test_progress_that_comes_late_is_that_of_the_other_process() -> None:
    world = World()
    one, other = await world.start(), await world.start()
    video_id = await one.create()
    (task,) = world.runway.tasks
    slow = one.runways[-1]
    slow.answers_polls.clear()
    late = {"id": task, "createdAt": "2026-10-01T00:00:00Z", "status": "RUNNING", "progress": 0.1}
    slow.next["get"].append(ok(late))
    asked = asyncio.ensure_future(one.video("GET", f"/{video_id}"))
    await world.pass_time(6)
    world.end(task, status="RUNNING", progress=0.6)
    assert (await other.video("GET", f"/{video_id}"))["progress"] == 60
    slow.answers_polls.set()
    assert (await asked)["progress"] == 60

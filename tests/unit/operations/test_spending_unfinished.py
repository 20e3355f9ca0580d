"""A caller's videos that have not ended: how many it may have, and who is asked before one is refused."""

from __future__ import annotations

import asyncio

from runway_videos.upstream.client import Reply
from runway_videos.upstream.timeouts import Timeouts
from unit.fake_runway import ServiceHarness
from unit.loopback import in_a_loop
from unit.operations.spending_harness import BODY, DONE, caller, create, limited, refused, sums


@in_a_loop
async def test_unfinished_videos_are_limited_and_asked_about_before_one_is_refused() -> None:
    harness = limited(concurrency=2)
    await create(harness)
    second = await create(harness)
    asked = harness.runway.times("get")
    error = await refused(harness)
    assert "may have 2 unfinished videos at once and has 2" in error.message
    assert harness.runway.times("get") == asked + 2
    harness.set(**DONE)
    harness.now += 10
    # Nobody has polled them.
    await create(harness)
    assert await sums(harness) == (3, 320.0, 1)
    await create(harness)
    await refused(harness)
    harness.runway.tasks.clear()  # all are gone at Runway
    harness.now += 100
    await create(harness)
    assert second


@in_a_loop
async def test_a_new_video_that_runway_does_not_know_everywhere_yet_has_not_ended() -> None:
    harness = limited(concurrency=1)
    await create(harness)
    harness.runway.tasks.clear()
    harness.now += 10
    assert (await refused(harness)).code == "insufficient_quota"
    assert await sums(harness) == (1, 120.0, 1)
    harness.now += 60
    await create(harness)


@in_a_loop
async def test_a_runway_that_does_not_answer_holds_no_refusal_for_long() -> None:
    harness = ServiceHarness(timeouts=Timeouts(limit_wait=0.01), callers=caller(concurrency=1))
    await create(harness)
    harness.runway.answers_polls.clear()
    assert (await refused(harness)).code == "insufficient_quota"
    harness.runway.tasks[next(iter(harness.runway.tasks))] |= DONE
    harness.runway.answers_polls.set()
    await asyncio.sleep(0)
    await create(harness)


@in_a_loop
async def test_a_deleted_video_is_unfinished_no_more() -> None:
    harness = limited(concurrency=1)
    video_id = await create(harness)
    await harness.ask("DELETE", f"/{video_id}", caller="app")
    await asyncio.sleep(0)
    assert await sums(harness) == (1, 120.0, 0)


@in_a_loop
async def test_videos_of_a_key_that_runway_refuses_hold_no_create_up_and_stay_spent() -> None:
    harness = limited(concurrency=1)
    video_id = await create(harness)
    harness.now += 60
    harness.runway.next["get"].append(Reply(502))
    assert (await refused(harness)).code == "insufficient_quota"
    harness.runway.next["get"].append(Reply(401, b'{"error": "Incorrect API key provided."}'))
    other = await create(harness, BODY.replace(b"cat", b"dog"))
    assert await sums(harness) == (2, 240.0, 1)
    # The other one holds its place; of the first one nobody asks again.
    assert (await refused(harness)).code == "insufficient_quota"
    assert harness.runway.asked[-1] == ("get", list(harness.runway.tasks)[1])
    harness.now += 60
    harness.set(**DONE)
    for each in (video_id, other):
        await harness.video("GET", f"/{each}", caller="app")
    await asyncio.sleep(0)
    assert await sums(harness) == (2, 200.0, 0)

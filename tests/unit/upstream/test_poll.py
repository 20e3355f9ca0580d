"""What becomes of a video: asked of Runway as seldom as may be, through the key that made it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from runway_videos.errors import ApiError
from unit.fake_runway import ServiceHarness
from unit.loopback import in_a_loop

DONE = {"status": "SUCCEEDED", "output": ["https://files.example/v.mp4"], "cost": {"credits": 25}}


async def refused(harness: ServiceHarness, method: str, video_id: str, caller: str = "") -> ApiError:
    with pytest.raises(ApiError) as caught:
        await harness.ask(method, f"/{video_id}", caller=caller)
    return caught.value


async def status(harness: ServiceHarness, video_id: str) -> dict[str, Any]:
    return await harness.video("GET", f"/{video_id}")


@in_a_loop
async def test_a_status_is_asked_for_again_when_it_is_five_seconds_old() -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    for age, times in ((0.0, 1), (4.9, 1), (0.2, 2), (4.9, 2), (0.2, 3)):
        harness.now += age
        await status(harness, video_id)
        assert harness.runway.times("get") == times


@in_a_loop
async def test_with_zero_seconds_every_question_goes_to_runway() -> None:
    harness = ServiceHarness(poll_seconds=0)
    video_id = await harness.create()
    for times in (1, 2, 3):
        await status(harness, video_id)
        assert harness.runway.times("get") == times


@pytest.mark.parametrize("end", [DONE, {"status": "FAILED", "failure": "x"}, {"status": "CANCELLED"}])
@in_a_loop
async def test_an_end_is_asked_for_once_in_five_minutes(end: dict[str, object]) -> None:
    harness = ServiceHarness(poll_seconds=0)
    video_id = await harness.create()
    harness.set(**end)
    first = await status(harness, video_id)
    harness.now += 299
    assert await status(harness, video_id) == first
    assert harness.runway.times("get") == 1
    harness.now += 2
    assert await status(harness, video_id) == first
    assert harness.runway.times("get") == 2


@in_a_loop
async def test_the_end_is_when_it_was_first_seen() -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.set(**DONE)
    first = await status(harness, video_id)
    assert first["completed_at"] == 1_790_001_000
    assert first["expires_at"] == first["completed_at"] + 24 * 3600
    harness.now += 1000
    assert await status(harness, video_id) == first


@in_a_loop
async def test_questions_at_once_share_one_call() -> None:
    harness = ServiceHarness(poll_seconds=0)
    video_id = await harness.create()
    answers = await asyncio.gather(*(status(harness, video_id) for _ in range(10)))
    assert harness.runway.times("get") == 1
    assert answers == [answers[0]] * 10
    await status(harness, video_id)
    assert harness.runway.times("get") == 2


@in_a_loop
async def test_a_client_that_leaves_does_not_end_the_call_of_others() -> None:
    harness = ServiceHarness(poll_seconds=0)
    video_id = await harness.create()
    first = asyncio.create_task(status(harness, video_id))
    second = asyncio.create_task(status(harness, video_id))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second)["status"] == "queued"
    assert first.cancelled() or first.cancelling()
    assert harness.runway.times("get") == 1


@in_a_loop
async def test_progress_does_not_go_back() -> None:
    harness = ServiceHarness(poll_seconds=0)
    video_id = await harness.create()
    result = []
    for progress in (0.2, 0.6, 0.4, 0.99999):
        harness.set(status="RUNNING", progress=progress)
        result.append((await status(harness, video_id))["progress"])
    assert result == [20, 60, 60, 99]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@in_a_loop
async def test_it_is_another_callers_or_nobodys(method: str) -> None:
    harness = ServiceHarness()
    video_id = await harness.create(caller="app-1")
    for caller in ("app-2", ""):
        assert (await refused(harness, method, video_id, caller)).status == 404
    assert harness.runway.times("get") + harness.runway.times("delete") == 0


@in_a_loop
async def test_every_question_goes_to_the_key_that_made_the_video() -> None:
    keys = [{"name": "a", "value": "env.A"}, {"name": "b", "value": "env.B"}]
    harness = ServiceHarness(keys=keys, poll_seconds=0)
    videos = [await harness.create() for _ in range(6)]
    assert set(harness.runway.made_with.values()) == {"a", "b"}
    for video_id in videos:
        assert (await status(harness, video_id))["status"] == "queued"
        await harness.video("DELETE", f"/{video_id}")
    assert harness.runway.tasks == {}


@in_a_loop
async def test_a_key_whose_tasks_are_throttled_gets_less_until_one_runs() -> None:
    keys = [{"name": "a", "value": "env.A"}, {"name": "b", "value": "env.B"}]
    harness = ServiceHarness(keys=keys, poll_seconds=0)
    first = await harness.create()
    harness.set(status="THROTTLED")
    assert (await status(harness, first))["status"] == "queued"

    async def shares() -> list[str]:
        before = len(harness.runway.made_with)
        for _ in range(4):
            await harness.create()
        return sorted(list(harness.runway.made_with.values())[before:])

    assert await shares() == ["b"] * 4
    harness.set(status="RUNNING", progress=0.1)
    assert (await status(harness, first))["status"] == "in_progress"
    assert await shares() == ["a", "a", "b", "b"]


@in_a_loop
async def test_a_video_that_was_evicted_is_served_without_its_prompt() -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    before = await status(harness, video_id)
    assert before["prompt"] == "a cat"
    harness.service.runtime.videos.forget(next(iter(harness.runway.tasks)))
    assert await status(harness, video_id) == before | {"prompt": None}


@pytest.mark.parametrize(
    ("state", "ends"),
    [
        (None, ["failed (cancelled)"]),  # made here, never asked for
        ({"status": "RUNNING", "progress": 0.5}, ["failed (cancelled)"]),
        (DONE, ["completed"]),
        ({"status": "FAILED"}, ["failed (generation_failed)"]),
    ],
)
@in_a_loop
async def test_a_deleted_video_has_one_end_line(
    state: dict[str, object] | None, ends: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    harness = ServiceHarness()
    video_id = await harness.create()
    if state:
        harness.set(**state)
        await status(harness, video_id)
    harness.now += 12
    await harness.video("DELETE", f"/{video_id}")
    found = [line for line in caplog.messages if ", took " in line]
    assert [line.partition(": ")[0] for line in found] == ends
    assert all(line.endswith(video_id) for line in (*found, caplog.messages[-1]))
    assert caplog.messages[-1].startswith("deleted: ")


@in_a_loop
async def test_a_deleted_video_that_nobody_here_knows_has_no_made_up_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.service.runtime.videos.forget(next(iter(harness.runway.tasks)))
    await harness.video("DELETE", f"/{video_id}")
    assert not any(", took " in line for line in caplog.messages)

"""How held polls end: in time, with an error, for a caller with too many, at shutdown."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos.errors import ApiError
from runway_videos.upstream.client import Reply
from runway_videos.upstream.held_polls import MAX_HELD
from unit.loopback import in_a_loop
from unit.upstream.held_harness import HeldHarness, settle

DONE = {"status": "SUCCEEDED", "output": ["https://files.example/v.mp4"]}


@in_a_loop
async def test_it_is_over_in_time_while_runway_is_slow() -> None:
    harness = HeldHarness()
    video_id = await harness.create()
    await harness.video("GET", f"/{video_id}")
    await harness.pass_time(4)
    answers = harness.runway.answers_polls
    answers.clear()
    poll, early = harness.hold(video_id, "wait=20"), harness.hold(video_id, "wait=3")
    await harness.pass_time(3.3)
    assert early.video["status"] == "queued"
    await harness.pass_time(17)
    assert poll.video["status"] == "queued"
    assert harness.runway.times("get") == 2
    answers.set()


@in_a_loop
async def test_an_old_status_is_not_given_when_the_time_is_over() -> None:
    harness = HeldHarness()
    video_id = await harness.create()
    await harness.video("GET", f"/{video_id}")
    await harness.pass_time(100)
    answers = harness.runway.answers_polls
    answers.clear()
    harness.set(status="RUNNING", progress=0.7)
    poll = harness.hold(video_id, "wait=1")
    await harness.pass_time(3)
    assert poll.held
    answers.set()
    await settle()
    assert poll.video["progress"] == 70


@in_a_loop
async def test_while_runway_is_down_the_last_status_serves() -> None:
    harness = HeldHarness()
    video_id = await harness.create()
    harness.set(status="RUNNING", progress=0.4)
    await harness.video("GET", f"/{video_id}")
    harness.runway.next["get"].extend([Reply(503)] * 300)
    poll = harness.hold(video_id, "wait=30")
    await harness.pass_time(29)
    assert poll.held
    await harness.pass_time(8)
    assert poll.video["progress"] == 40
    # Not asked more often than by ordinary polls: three tries in five seconds and the tries' waits.
    assert harness.runway.times("get") <= 1 + 3 * 6


@in_a_loop
async def test_an_error_ends_all_of_a_videos_and_the_next_begins_anew() -> None:
    harness = HeldHarness()
    video_id = await harness.create()
    polls = [harness.hold(video_id) for _ in range(3)]
    await harness.pass_time(1)
    harness.runway.next["get"].append(Reply(401, b'{"error": "no"}'))
    await harness.pass_time(5)
    for poll in polls:
        with pytest.raises(ApiError) as caught:
            _ = poll.video
        assert caught.value.code == "runway_key_refused"
    again = harness.hold(video_id)
    await harness.pass_time(10)
    assert again.held
    harness.set(**DONE)
    await harness.pass_time(5.1)
    assert again.video["status"] == "completed"


@in_a_loop
async def test_who_asks_again_right_after_an_error_is_held_and_told() -> None:
    harness = HeldHarness()
    video_id = await harness.create()
    headers = {"prefer": "wait=60"}

    async def insist() -> str:
        with pytest.raises(ApiError):
            await harness.video("GET", f"/{video_id}", headers=headers)
        status: str = (await harness.video("GET", f"/{video_id}", headers=headers))["status"]
        return status

    harness.runway.next["get"].append(Reply(401, b'{"error": "no"}'))
    clients = [asyncio.create_task(insist()) for _ in range(3)]
    await harness.pass_time(8)
    harness.set(**DONE)
    await harness.pass_time(6)
    assert await asyncio.gather(*clients) == ["completed"] * 3


@in_a_loop
async def test_a_deleted_video_ends_them() -> None:
    harness = HeldHarness()
    video_id = await harness.create()
    poll = harness.hold(video_id)
    await harness.pass_time(2)
    await harness.video("DELETE", f"/{video_id}")
    harness.now += 3600  # Runway knows every task by now: its 404 is believed
    await harness.pass_time(6)
    with pytest.raises(ApiError) as caught:
        _ = poll.video
    assert caught.value.status == 404


@in_a_loop
async def test_a_caller_has_no_more_than_so_many() -> None:
    tokens = {"T1": "tok_1", "T2": "tok_2"}
    harness = HeldHarness(tokens, callers=[{"name": name, "value": f"env.{name}"} for name in tokens])
    video_id, others = await harness.create(caller="T1"), await harness.create(caller="T2")
    polls = [harness.hold(video_id, caller="T1") for _ in range(MAX_HELD + 3)]
    other = harness.hold(others, caller="T2")
    await harness.pass_time(6)
    answered = [poll for poll in polls if not poll.held]
    assert len(answered) == 3
    assert all(poll.applied is None for poll in answered)
    assert other.held
    # Places are free again when their polls are answered.
    harness.set(status="RUNNING", progress=0.1)
    await harness.pass_time(6)
    assert not any(poll.held for poll in polls)
    one_more = harness.hold(video_id, caller="T1")
    await harness.pass_time(1)
    assert one_more.held


@in_a_loop
async def test_shutdown_answers_all_at_once_and_holds_no_more() -> None:
    harness = HeldHarness()
    videos = [await harness.create() for _ in range(3)]
    polls = [harness.hold(video_id) for video_id in videos]
    await harness.pass_time(2)
    assert all(poll.held for poll in polls)
    await harness.service.drain(0)
    await settle()
    assert [poll.video["status"] for poll in polls] == ["queued"] * 3
    late = harness.hold(videos[0])
    await settle()
    assert (late.video["status"], late.applied) == ("queued", None)


@in_a_loop
async def test_shutdown_without_a_status_is_a_503_that_says_so() -> None:
    harness = HeldHarness()
    harness.runway.answers_polls.clear()
    poll = harness.hold(await harness.create())
    await settle()
    await harness.service.drain(0)
    await settle()
    with pytest.raises(ApiError) as caught:
        _ = poll.video
    assert (caught.value.status, caught.value.code, caught.value.retry) == (503, "shutting_down", True)


@in_a_loop
async def test_new_settings_hold_for_polls_that_are_held() -> None:
    harness = HeldHarness()
    video_id = await harness.create()
    first = harness.hold(video_id)
    await harness.pass_time(1)
    changed = HeldHarness(poll_seconds=1).settings
    harness.service.reconfigure(changed)
    second = harness.hold(video_id)
    await harness.pass_time(10)
    assert first.held
    assert second.held
    assert 6 <= harness.runway.times("get") <= 9

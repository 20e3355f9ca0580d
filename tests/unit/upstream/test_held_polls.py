"""`Prefer: wait=N`: answered at a change, after N seconds, or at once where holding means nothing."""

from __future__ import annotations

import pytest

from unit.loopback import in_a_loop
from unit.upstream.held_harness import HeldHarness, settle

DONE = {"status": "SUCCEEDED", "output": ["https://files.example/v.mp4"]}


@pytest.mark.parametrize(
    ("change", "status", "progress"),
    [
        ({"status": "RUNNING", "progress": 0.0}, "in_progress", 0),
        ({"status": "RUNNING", "progress": 0.4}, "in_progress", 40),
        (DONE, "completed", 100),
        ({"status": "FAILED", "failure": "x"}, "failed", 0),
    ],
)
@in_a_loop
async def test_it_is_answered_at_the_next_change(
    change: dict[str, object], status: str, progress: int
) -> None:
    harness = HeldHarness()
    poll = harness.hold(await harness.create())
    await harness.pass_time(12)
    assert poll.held
    harness.set(**change)
    await harness.pass_time(4)
    assert (poll.video["status"], poll.video["progress"]) == (status, progress)
    assert poll.applied == "wait=60"
    assert poll.answer.headers.get("openai-poll-after-ms") == ("5000" if status == "in_progress" else None)


@in_a_loop
async def test_progress_that_the_client_has_seen_is_no_change() -> None:
    harness = HeldHarness()
    video_id = await harness.create()
    harness.set(status="RUNNING", progress=0.4)
    assert (await harness.video("GET", f"/{video_id}"))["progress"] == 40
    poll = harness.hold(video_id)
    await harness.pass_time(20)
    assert poll.held
    harness.set(progress=0.41)
    await harness.pass_time(5.1)
    assert poll.video["progress"] == 41


@in_a_loop
async def test_what_changed_before_it_came_is_told_at_once() -> None:
    harness = HeldHarness()
    video_id = await harness.create()
    harness.set(status="RUNNING", progress=0.4)
    poll = harness.hold(video_id)
    await settle()
    assert poll.video["progress"] == 40


@pytest.mark.parametrize(("prefer", "seconds"), [("wait=1", 1), ("wait=7", 7), ("wait=600", 60)])
@in_a_loop
async def test_without_a_change_it_is_answered_when_its_time_is_over(prefer: str, seconds: int) -> None:
    harness = HeldHarness()
    poll = harness.hold(await harness.create(), prefer)
    await harness.pass_time(seconds - 0.1)
    assert poll.held
    await harness.pass_time(0.5)
    assert poll.video["status"] == "queued"
    assert poll.applied == f"wait={seconds}"
    assert harness.runway.times("get") <= 1 + seconds / 5


@pytest.mark.parametrize("prefer", ["", "respond-async", "wait=x"])
@in_a_loop
async def test_other_polls_are_not_held(prefer: str) -> None:
    harness = HeldHarness()
    poll = harness.hold(await harness.create(), prefer)
    await settle()
    assert poll.applied is None
    assert poll.video["status"] == "queued"


@in_a_loop
async def test_no_seconds_hold_nothing_and_are_heard() -> None:
    harness = HeldHarness()
    poll = harness.hold(await harness.create(), "wait=0")
    await settle()
    assert poll.applied == "wait=0"


@pytest.mark.parametrize("end", [DONE, {"status": "FAILED", "failure": "x"}])
@in_a_loop
async def test_a_video_that_has_ended_is_answered_at_once(end: dict[str, object]) -> None:
    harness = HeldHarness()
    video_id = await harness.create()
    harness.set(**end)
    first = await harness.video("GET", f"/{video_id}")
    for age, calls in ((0, 1), (400, 2)):
        await harness.pass_time(age)
        poll = harness.hold(video_id)
        await settle()
        assert (poll.video, poll.applied) == (first, "wait=60")
        assert harness.runway.times("get") == calls


@in_a_loop
async def test_a_thousand_held_polls_cost_as_many_calls_as_one() -> None:
    calls, answers = [], []
    for clients in (1, 1000):
        harness = HeldHarness()
        video_id = await harness.create()
        polls = [harness.hold(video_id) for _ in range(clients)]
        await harness.pass_time(41)
        assert all(poll.held for poll in polls)
        harness.set(status="RUNNING", progress=0.4)
        await harness.pass_time(5)
        answers.append({poll.video["progress"] for poll in polls})
        calls.append(harness.runway.times("get"))
    assert answers == [{40}, {40}]
    assert calls[0] == calls[1] == 10  # once in five seconds


@pytest.mark.parametrize(("poll_seconds", "calls"), [(0, 31), (5, 7), (60, 1)])
@in_a_loop
async def test_held_polls_of_many_videos_keep_each_to_the_poll_budget(poll_seconds: int, calls: int) -> None:
    harness = HeldHarness(poll_seconds=poll_seconds)
    videos = [await harness.create() for _ in range(20)]
    polls = [harness.hold(video_id) for video_id in videos]
    await harness.pass_time(30.5)
    assert all(poll.held for poll in polls)
    for task in harness.runway.tasks:
        asked = harness.runway.asked.count(("get", task))
        assert calls - 1 <= asked <= calls


@in_a_loop
async def test_they_share_the_answers_of_other_polls() -> None:
    harness = HeldHarness()
    video_id = await harness.create()
    poll = harness.hold(video_id)
    for _ in range(20):
        await harness.pass_time(1)
        await harness.video("GET", f"/{video_id}")
    assert poll.held
    assert harness.runway.times("get") <= 5


@in_a_loop
async def test_a_client_that_hangs_up_frees_its_wait() -> None:
    harness = HeldHarness()
    video_id = await harness.create()
    left = [False]
    poll = harness.hold(video_id, gone=lambda: left[0])
    other = harness.hold(video_id)
    await harness.pass_time(12)
    left[0] = True
    await harness.pass_time(0.3)
    assert not poll.held
    assert other.held
    await harness.pass_time(60)
    assert not other.held
    # With nobody left nothing is asked, and nothing waits.
    asked = harness.runway.times("get")
    await harness.pass_time(60)
    assert harness.runway.times("get") == asked
    assert harness.sleepers == 0

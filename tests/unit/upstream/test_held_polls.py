"""`Prefer: wait=N`: answered at a change, after N seconds, or at once where holding means nothing."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos.errors import ApiError
from runway_videos.upstream.client import Reply
from runway_videos.upstream.held_polls import MAX_HELD
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

"""What the process remembers of videos: bounded, counted honestly, by caller, never for long."""

from __future__ import annotations

import gc
import tracemalloc
from sys import getsizeof
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.store.video_records import (
    ANSWER_SECONDS,
    MAX_BYTES,
    MAX_VIDEOS,
    URL_SECONDS,
    Memory,
    VideoMap,
)
from runway_videos.store.video_references import Ticket, owner_of


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def ticket(task: str, caller: str = "", created: int = 1, model: str = "sora-2") -> Ticket:
    return Ticket("default", task, owner_of(caller), model, "8", "1280x720", created)


def tasks(memories: list[Memory[bytes]]) -> list[str]:
    return [memory.ticket.task for memory in memories]


def test_what_is_remembered_is_found_and_added_to(clock: Clock) -> None:
    videos: VideoMap[bytes] = VideoMap(clock)
    made = videos.remember(ticket("a"), "", runway_model="seedance2", prompt="A cat")
    assert videos.get("a") is made
    assert (made.prompt, made.runway_model, made.remixed_from) == ("A cat", "seedance2", None)
    again = videos.remember(ticket("a"), "", remixed_from="video_rw1")
    assert again is made
    assert (made.prompt, made.runway_model, made.remixed_from) == ("A cat", "seedance2", "video_rw1")
    assert made.ticket == ticket("a")
    assert videos.get("b") is None
    assert len(videos) == 1


def test_a_video_of_somebody_else_is_not_remembered(clock: Clock) -> None:
    videos: VideoMap[bytes] = VideoMap(clock)
    with pytest.raises(ValueError, match="own caller"):
        videos.remember(ticket("a", "team-a"), "team-b")
    assert len(videos) == videos.bytes == 0


def test_the_least_recently_used_goes_first_by_count(clock: Clock) -> None:
    videos: VideoMap[bytes] = VideoMap(clock, max_videos=3)
    for task in "abc":
        videos.remember(ticket(task), "")
    videos.get("a")
    videos.of_caller("", 10)  # a list is no use of them
    videos.remember(ticket("d"), "")
    assert videos.get("b") is None
    assert sorted(tasks(videos.of_caller("", 10))) == ["a", "c", "d"]


def test_the_least_recently_used_goes_first_by_bytes(clock: Clock) -> None:
    videos: VideoMap[bytes] = VideoMap(clock, max_bytes=100_000)
    for number in range(5):
        videos.remember(ticket(f"t{number}"), "", prompt="x" * 32_000)
    assert len(videos) == 3
    assert videos.bytes <= 100_000
    assert videos.get("t1") is None
    assert videos.get("t2") is not None
    newest = videos.get("t4")
    assert newest is not None
    videos.keep_answer(newest, b"y" * 30_000)
    assert len(videos) == 2
    assert videos.get("t4") is newest


def test_an_entry_that_left_while_its_holder_waited_is_not_counted(clock: Clock) -> None:
    videos: VideoMap[bytes] = VideoMap(clock, max_videos=1)
    gone = videos.remember(ticket("a"), "")
    videos.remember(ticket("b"), "")
    before = videos.bytes
    videos.keep_answer(gone, b"x" * 1000)
    videos.keep_url(gone, "https://example.com/a")
    assert videos.answer(gone, 5) == b"x" * 1000  # its holder still has it
    videos.drop_answer(gone)
    videos.drop_url(gone)
    assert videos.bytes == before
    assert videos.get("a") is None


def test_a_status_is_given_out_while_it_is_young_enough(clock: Clock) -> None:
    videos: VideoMap[bytes] = VideoMap(clock)
    memory = videos.remember(ticket("a"), "")
    assert videos.answer(memory, 5) is None
    videos.keep_answer(memory, b"one")
    assert videos.answer(memory, 0) is None
    clock.now += 4.9
    assert videos.answer(memory, 5) == b"one"
    clock.now += 0.1
    assert videos.answer(memory, 5) is None
    assert videos.answer(memory, ANSWER_SECONDS) == b"one"
    clock.now += ANSWER_SECONDS - 5
    assert videos.answer(memory, 10**9) is None
    videos.keep_answer(memory, b"two")
    videos.drop_answer(memory)
    assert videos.answer(memory, 5) is None


def test_statuses_and_urls_do_not_outlive_their_use(clock: Clock) -> None:
    videos: VideoMap[bytes] = VideoMap(clock)
    first, second = (videos.remember(ticket(task), "") for task in "ab")
    bare = videos.bytes
    videos.keep_url(first, "https://example.com/1")
    videos.keep_answer(first, b"answer")
    clock.now += URL_SECONDS - 1
    videos.keep_url(second, "https://example.com/2")
    assert videos.url(first) == "https://example.com/1"
    clock.now += 1
    assert videos.url(first) is None
    videos.sweep()
    assert first.url is None
    assert second.url == "https://example.com/2"
    videos.drop_url(second)
    assert videos.url(second) is None
    clock.now += ANSWER_SECONDS - URL_SECONDS
    videos.keep_answer(second, b"other")  # every change sweeps
    assert first.answer is None
    videos.drop_answer(second)
    assert videos.bytes == bare


def test_a_url_that_is_proven_again_is_held_from_then_on(clock: Clock) -> None:
    videos: VideoMap[bytes] = VideoMap(clock)
    first, second = (videos.remember(ticket(task), "") for task in "ab")
    videos.keep_url(first, "u1")
    clock.now += 30
    videos.keep_url(second, "u2")
    clock.now += 20
    videos.keep_url(first, "u1")
    clock.now += 40
    videos.sweep()
    assert (videos.url(first), second.url) == ("u1", None)


def test_a_deleted_video_is_forgotten(clock: Clock) -> None:
    videos: VideoMap[bytes] = VideoMap(clock)
    memory = videos.remember(ticket("a"), "", prompt="p")
    videos.keep_answer(memory, b"answer")
    videos.keep_url(memory, "u")
    videos.forget("a")
    videos.forget("a")
    assert videos.get("a") is None
    assert videos.of_caller("", 10) == []
    assert len(videos) == videos.bytes == len(videos._callers) == 0


def test_lists_are_by_caller_and_time_of_creation(clock: Clock) -> None:
    videos: VideoMap[bytes] = VideoMap(clock)
    for task, created in (("b", 2), ("e", 5), ("a", 1), ("d", 4), ("c", 4)):
        videos.remember(ticket(task, "team-a", created), "team-a")
    videos.remember(ticket("other", "team-b", 3), "team-b")
    assert tasks(videos.of_caller("team-a", 10)) == ["e", "d", "c", "b", "a"]
    assert tasks(videos.of_caller("team-a", 2)) == ["e", "d"]
    assert tasks(videos.of_caller("team-a", 2, after=(4, "d"))) == ["c", "b"]
    assert tasks(videos.of_caller("team-a", 2, after=(3, "unknown"))) == ["b", "a"]
    assert tasks(videos.of_caller("team-a", 2, after=(1, "a"))) == []
    assert tasks(videos.of_caller("team-a", 2, oldest_first=True)) == ["a", "b"]
    assert tasks(videos.of_caller("team-a", 9, after=(4, "c"), oldest_first=True)) == ["d", "e"]
    assert tasks(videos.of_caller("team-b", 10)) == ["other"]
    assert videos.of_caller("team-c", 10) == videos.of_caller("team-a", 0) == []


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["remember", "prompt", "answer", "url", "get", "forget", "wait"]),
        st.integers(0, 9),
        st.integers(0, 400),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(OPERATIONS)
def test_the_count_of_bytes_is_always_the_sum_and_within_bounds(
    operations: list[tuple[str, int, int]],
) -> None:
    clock = Clock()
    videos: VideoMap[bytes] = VideoMap(clock, max_videos=6, max_bytes=4500)
    for what, number, size in operations:
        caller = "ab"[number % 2]
        one = ticket(f"t{number}", caller, created=number % 3, model="m" * (60 + number))
        if what == "wait":
            clock.now += size
        elif what == "forget":
            videos.forget(one.task)
        elif what == "get":
            videos.get(one.task)
        else:
            memory = videos.remember(one, caller, prompt="p" * size if what == "prompt" else None)
            if what == "answer":
                videos.keep_answer(memory, b"x" * size)
            elif what == "url":
                videos.keep_url(memory, "u" * size)
        known = [memory for name in "ab" for memory in videos.of_caller(name, 100)]
        assert len(known) == len(videos) <= 6
        assert videos.bytes == sum(memory.cost for memory in known) <= 4500
        assert all(memory.cost >= 400 + getsizeof(memory.prompt or "") for memory in known)


def test_the_count_is_what_the_memory_really_is(clock: Clock) -> None:
    count = 4000
    videos: VideoMap[bytes] = VideoMap(clock)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(count):
        clock.now += 0.001
        one = ticket(str(UUID(int=number)), "", 1_790_000_000 + number, "so" + str(number % 3))
        memory = videos.remember(one, "", runway_model="seedance2", prompt=f"{number} " + "p" * 200)
        memory.completed_at = 1_790_000_500 + number
        videos.keep_answer(memory, b"%d" % number + b"a" * 100)
        videos.keep_url(memory, "https://example.com/" + str(number))
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert 1 <= videos.bytes / used < 1.25  # the allocator rounds up by some 6 %


def test_the_bounds_leave_room_for_a_hundred_thousand_usual_videos(clock: Clock) -> None:
    videos: VideoMap[bytes] = VideoMap(clock)
    videos.remember(ticket(str(UUID(int=1))), "", prompt="p" * 90)
    assert MAX_VIDEOS == 100_000
    assert videos.bytes * MAX_VIDEOS <= MAX_BYTES

"""What the process remembers of videos: bounded, counted honestly, by caller, never for long."""

from __future__ import annotations

from sys import getsizeof

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.store.video_records import (
    STATUS_SECONDS,
    URL_SECONDS,
    VideoRecord,
    VideoRecords,
)
from runway_videos.store.video_references import VideoReference, owner_hash
from unit.clocks import Clock


def reference(task: str, caller: str = "", created: int = 1, model: str = "sora-2") -> VideoReference:
    return VideoReference("default", task, owner_hash(caller), model, "8", "1280x720", created)


def tasks(memories: list[VideoRecord[bytes]]) -> list[str]:
    return [record.reference.task for record in memories]


def test_a_record_is_found_again_and_updated(clock: Clock) -> None:
    videos: VideoRecords[bytes] = VideoRecords(clock)
    made = videos.remember(reference("a"), "", runway_model="seedance2", prompt="A cat")
    assert videos.get("a") is made
    assert (made.prompt, made.runway_model, made.remixed_from) == ("A cat", "seedance2", None)
    again = videos.remember(reference("a"), "", remixed_from="video_rw1")
    assert again is made
    assert (made.prompt, made.runway_model, made.remixed_from) == ("A cat", "seedance2", "video_rw1")
    assert made.reference == reference("a")
    assert videos.get("b") is None
    assert len(videos) == 1


def test_a_video_of_another_caller_is_refused(clock: Clock) -> None:
    videos: VideoRecords[bytes] = VideoRecords(clock)
    with pytest.raises(ValueError, match="the caller in its reference"):
        videos.remember(reference("a", "team-a"), "team-b")
    assert len(videos) == videos.bytes == 0


def test_the_least_recently_used_is_evicted_by_count(clock: Clock) -> None:
    videos: VideoRecords[bytes] = VideoRecords(clock, max_videos=3)
    for task in "abc":
        videos.remember(reference(task), "")
    videos.get("a")
    videos.of_caller("", 10)  # a list is no use of them
    videos.remember(reference("d"), "")
    assert videos.get("b") is None
    assert sorted(tasks(videos.of_caller("", 10))) == ["a", "c", "d"]


def test_the_least_recently_used_is_evicted_by_bytes(clock: Clock) -> None:
    videos: VideoRecords[bytes] = VideoRecords(clock, max_bytes=100_000)
    for number in range(5):
        videos.remember(reference(f"t{number}"), "", prompt="x" * 32_000)
    assert len(videos) == 3
    assert videos.bytes <= 100_000
    assert videos.get("t1") is None
    assert videos.get("t2") is not None
    newest = videos.get("t4")
    assert newest is not None
    videos.keep_status(newest, b"y" * 30_000)
    assert len(videos) == 2
    assert videos.get("t4") is newest


def test_a_record_that_was_evicted_while_in_use_is_not_counted(clock: Clock) -> None:
    videos: VideoRecords[bytes] = VideoRecords(clock, max_videos=1)
    gone = videos.remember(reference("a"), "")
    videos.remember(reference("b"), "")
    before = videos.bytes
    videos.keep_status(gone, b"x" * 1000)
    videos.keep_url(gone, "https://example.com/a")
    assert videos.status(gone, 5) == b"x" * 1000  # its holder still has it
    videos.drop_status(gone)
    videos.drop_url(gone)
    assert videos.bytes == before
    assert videos.get("a") is None


def test_a_status_is_returned_until_it_is_too_old(clock: Clock) -> None:
    videos: VideoRecords[bytes] = VideoRecords(clock)
    record = videos.remember(reference("a"), "")
    assert videos.status(record, 5) is None
    videos.keep_status(record, b"one")
    assert videos.status(record, 0) is None
    clock.now += 4.9
    assert videos.status(record, 5) == b"one"
    clock.now += 0.1
    assert videos.status(record, 5) is None
    assert videos.status(record, STATUS_SECONDS) == b"one"
    clock.now += STATUS_SECONDS - 5
    assert videos.status(record, 10**9) is None
    videos.keep_status(record, b"two")
    videos.drop_status(record)
    assert videos.status(record, 5) is None


def test_statuses_and_urls_do_not_outlive_their_use(clock: Clock) -> None:
    videos: VideoRecords[bytes] = VideoRecords(clock)
    first, second = (videos.remember(reference(task), "") for task in "ab")
    bare = videos.bytes
    videos.keep_url(first, "https://example.com/1")
    videos.keep_status(first, b"answer")
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
    clock.now += STATUS_SECONDS - URL_SECONDS
    videos.keep_status(second, b"other")  # every change sweeps
    assert first.status is None
    videos.drop_status(second)
    assert videos.bytes == bare


def test_a_url_that_worked_again_is_kept_from_then_on(clock: Clock) -> None:
    videos: VideoRecords[bytes] = VideoRecords(clock)
    first, second = (videos.remember(reference(task), "") for task in "ab")
    videos.keep_url(first, "u1")
    clock.now += 30
    videos.keep_url(second, "u2")
    clock.now += 20
    videos.keep_url(first, "u1")
    clock.now += 40
    videos.sweep()
    assert (videos.url(first), second.url) == ("u1", None)


def test_a_deleted_video_has_no_record(clock: Clock) -> None:
    videos: VideoRecords[bytes] = VideoRecords(clock)
    record = videos.remember(reference("a"), "", prompt="p")
    videos.keep_status(record, b"answer")
    videos.keep_url(record, "u")
    videos.forget("a")
    videos.forget("a")
    assert videos.get("a") is None
    assert videos.of_caller("", 10) == []
    assert len(videos) == videos.bytes == 0


def test_lists_are_by_caller_and_time_of_creation(clock: Clock) -> None:
    videos: VideoRecords[bytes] = VideoRecords(clock)
    for task, created in (("b", 2), ("e", 5), ("a", 1), ("d", 4), ("c", 4)):
        videos.remember(reference(task, "team-a", created), "team-a")
    videos.remember(reference("other", "team-b", 3), "team-b")
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
    videos: VideoRecords[bytes] = VideoRecords(clock, max_videos=6, max_bytes=4500)
    for what, number, size in operations:
        caller = "ab"[number % 2]
        one = reference(f"t{number}", caller, created=number % 3, model="m" * (60 + number))
        if what == "wait":
            clock.now += size
        elif what == "forget":
            videos.forget(one.task)
        elif what == "get":
            videos.get(one.task)
        else:
            record = videos.remember(one, caller, prompt="p" * size if what == "prompt" else None)
            if what == "answer":
                videos.keep_status(record, b"x" * size)
            elif what == "url":
                videos.keep_url(record, "u" * size)
        cached = [record for name in "ab" for record in videos.of_caller(name, 100)]
        assert len(cached) == len(videos) <= 6
        assert videos.bytes == sum(record.counted_bytes for record in cached) <= 4500
        assert all(record.counted_bytes >= 400 + getsizeof(record.prompt or "") for record in cached)

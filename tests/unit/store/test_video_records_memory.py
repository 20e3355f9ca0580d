"""What records take: as much as is counted, and nothing for those that are gone."""

from __future__ import annotations

import gc
import tracemalloc
from uuid import UUID

from runway_videos.store.video_records import MAX_BYTES, MAX_VIDEOS, VideoRecords
from unit.clocks import Clock
from unit.store.test_video_records import reference


def test_of_a_caller_without_videos_nothing_is_kept(clock: Clock) -> None:
    videos: VideoRecords[bytes] = VideoRecords(clock)
    references = [(reference("a", f"caller-{number}"), f"caller-{number}") for number in range(5000)]
    gc.collect()
    tracemalloc.start()
    try:
        for made, caller in references:
            videos.remember(made, caller)
            videos.forget("a")
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert used < 60 * len(references)  # an empty list alone takes 56, its place more


def test_the_counted_bytes_are_those_that_are_allocated(clock: Clock) -> None:
    count = 4000
    videos: VideoRecords[bytes] = VideoRecords(clock)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(count):
        clock.now += 0.001
        one = reference(str(UUID(int=number)), "", 1_790_000_000 + number, "so" + str(number % 3))
        record = videos.remember(one, "", runway_model="seedance2", prompt=f"{number} " + "p" * 200)
        record.completed_at = 1_790_000_500 + number
        videos.keep_status(record, b"%d" % number + b"a" * 100)
        videos.keep_url(record, "https://example.com/" + str(number))
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert 1 <= videos.bytes / used < 1.25  # the allocator rounds up by some 6 %


def test_a_hundred_thousand_usual_videos_fit(clock: Clock) -> None:
    videos: VideoRecords[bytes] = VideoRecords(clock)
    videos.remember(reference(str(UUID(int=1))), "", prompt="p" * 90)
    assert MAX_VIDEOS == 100_000
    assert videos.bytes * MAX_VIDEOS <= MAX_BYTES

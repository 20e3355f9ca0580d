"""The rules of `stored_ends.py`, row by row."""

from __future__ import annotations

from runway_videos.webhooks.stored_ends import StoredEnds

COMPLETED, FAILED = "video.completed", "video.failed"


def test_who_sees_an_end_first_delivers_it() -> None:
    assert StoredEnds().runs
    ends = StoredEnds().with_end(COMPLETED, 5.0, "one")
    assert ends.is_due(COMPLETED, "one")
    assert not ends.is_due(COMPLETED, "other")
    assert ends.with_end(COMPLETED, 6.0, "other") == ends
    told = ends.with_told(COMPLETED)
    assert (told.due, told.runs) == ((), False)
    assert told.with_end(COMPLETED, 7.0, "other") == told


def test_a_second_end_waits_for_the_first_and_is_delivered_by_the_same() -> None:
    ends = StoredEnds().with_end(FAILED, 5.0, "one").with_end(COMPLETED, 6.0, "other")
    assert [end.type for end in ends.due] == [FAILED, COMPLETED]
    assert ends.owner == "one"
    assert ends.with_told(FAILED).is_due(COMPLETED, "one")


def test_a_failure_that_is_seen_after_the_completion_is_late() -> None:
    ends = StoredEnds().with_end(COMPLETED, 5.0, "one")
    assert ends.with_end(FAILED, 6.0, "one") == ends
    assert ends.with_told(COMPLETED).with_end(FAILED, 6.0, "one").due == ()


def test_only_what_a_dead_process_has_is_taken_over() -> None:
    ends = StoredEnds().with_end(COMPLETED, 5.0, "one")
    assert ends.with_owner("other", dead="one").is_due(COMPLETED, "other")
    assert ends.with_owner("other", dead="third") == ends
    assert ends.with_told(COMPLETED).with_owner("other", dead="one").owner == "one"


def test_a_deleted_video_has_no_more_ends_but_those_that_are_due() -> None:
    assert StoredEnds().with_deletion().with_end(FAILED, 5.0, "one").due == ()
    assert StoredEnds().with_end(FAILED, 5.0, "one").with_deletion().is_due(FAILED, "one")

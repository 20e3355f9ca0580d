"""A caller's sums, step by step."""

from __future__ import annotations

import pytest

from runway_videos.budgets.usage import DAY_SECONDS, MAX_UNFINISHED, CallerUsage

NOON = 100 * DAY_SECONDS + DAY_SECONDS / 2
NEXT = NOON + DAY_SECONDS


def begun(credits: float = 50.0) -> CallerUsage:
    return CallerUsage().on(NOON).reserved("c1", credits, NOON)


def sums(usage: CallerUsage) -> tuple[int, float, list[str]]:
    return usage.videos, usage.credits, list(usage.unfinished)


def test_a_create_counts_from_its_begin_and_each_better_cost_replaces_the_one_before() -> None:
    usage = begun()
    assert sums(usage) == (1, 50.0, ["c1"])
    usage = usage.made("c1", "t1", "video_rw1", 60.0)
    assert sums(usage) == (1, 60.0, ["t1"])
    assert sums(usage.ended("t1", 45.5)) == (1, 45.5, [])
    assert sums(usage.ended("t1", 0.0)) == (1, 0.0, [])
    assert sums(usage.ended("t1", None)) == (1, 60.0, [])


def test_a_cost_that_is_not_told_stays_as_it_was_expected() -> None:
    assert sums(begun().made("c1", "t1", "video_rw1", None)) == (1, 50.0, ["t1"])


def test_what_made_nothing_is_given_back_and_what_is_unknown_is_spent() -> None:
    assert sums(begun().not_made("c1")) == (0, 0.0, [])
    assert sums(begun().lost("c1")) == (1, 50.0, [])


@pytest.mark.parametrize("step", ["not_made", "lost", "made", "ended"])
def test_a_step_of_a_video_that_is_not_known_changes_nothing(step: str) -> None:
    more = {"made": ("t", "video_rw", 1.0), "ended": (1.0,)}.get(step, ())
    usage = begun()
    assert getattr(usage, step)("c9", *more) == usage


def test_a_new_day_begins_with_nothing_but_the_unfinished_videos() -> None:
    usage = begun().made("c1", "t1", "video_rw1", 60.0)
    assert sums(usage.on(NOON + 3600)) == (1, 60.0, ["t1"])
    tomorrow = usage.on(NEXT - 3600)
    assert sums(tomorrow) == (0, 0.0, ["t1"])
    tomorrow = tomorrow.reserved("c2", 10.0, NEXT - 3600)
    # Its cost belongs to yesterday.
    assert sums(tomorrow.ended("t1", 5.0)) == (1, 10.0, ["c2"])
    assert sums(tomorrow.not_made("t1")) == (1, 10.0, ["c2"])
    assert sums(usage.on(NEXT + 1)) == (0, 0.0, [])  # nobody has asked about it for a day


def test_a_step_that_comes_late_or_by_a_slow_clock_takes_nothing_back() -> None:
    midnight = 101 * DAY_SECONDS
    usage = CallerUsage().on(midnight).reserved("c1", 50.0, midnight)
    assert usage.on(midnight - 1) == usage
    # Of more than a day it was the clock before that was wrong.
    assert sums(usage.on(midnight - DAY_SECONDS - 1)) == (0, 0.0, ["c1"])


def test_creates_of_dead_processes_and_videos_of_a_day_ago_are_abandoned() -> None:
    usage = begun().reserved("p2-1", 1.0, NOON).reserved("p1-2", 1.0, NOON).made("p1-2", "t", "video_rw", 1.0)
    usage = usage.reserved("p1-3", 1.0, NOON)
    assert usage.creators() == {"c1", "p1", "p2"}
    assert sums(usage.abandoned({"p1"}, NOON + 1)) == (4, 53.0, ["c1", "p2-1", "t"])
    assert sums(usage.abandoned(set(), NOON + DAY_SECONDS)) == (4, 53.0, [])


def test_the_oldest_unfinished_videos_are_forgotten_first() -> None:
    usage = CallerUsage().on(NOON)
    for number in range(MAX_UNFINISHED + 2):
        usage = usage.reserved(f"c{number}", 1.0, NOON)
    assert len(usage.unfinished) == MAX_UNFINISHED
    assert next(iter(usage.unfinished)) == "c2"
    assert usage.videos == MAX_UNFINISHED + 2


def test_sums_end_at_nothing() -> None:
    usage = CallerUsage().on(NOON)
    for number in range(100):
        usage = usage.reserved(f"c{number}", 0.1, NOON)
    for number in range(100):
        usage = usage.not_made(f"c{number}")
    assert sums(usage) == (0, 0.0, [])


def test_a_video_that_nobody_can_ask_about_holds_nothing_up_and_its_end_still_counts() -> None:
    usage = begun().made("c1", "t1", "video_rw1", 60.0).reserved("c2", 1.0, NOON)
    hidden = usage.key_refused("t1")
    assert (usage.held(), hidden.held()) == (2, 1)
    assert sums(hidden) == (2, 61.0, ["t1", "c2"])
    assert sums(hidden.ended("t1", 0.0)) == (2, 1.0, ["c2"])
    assert hidden.key_refused("t9") == hidden

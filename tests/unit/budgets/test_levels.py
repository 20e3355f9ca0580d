"""Which part of a day's limits a step has passed."""

from __future__ import annotations

import pytest

from runway_videos.budgets.levels import passed
from runway_videos.budgets.usage import CallerUsage
from runway_videos.config.caller_options import Limits


@pytest.mark.parametrize(
    ("before", "after", "levels"),
    [
        (0, 79, []),
        (79, 80, [80]),
        (80, 99, []),
        (99, 100, [100]),
        (10, 100, [100]),
        (100, 101, []),
    ],
)
def test_each_level_is_passed_once(before: int, after: int, levels: list[int]) -> None:
    limits = Limits(videos_per_day=100)
    found = list(passed("app", limits, CallerUsage(videos=before), CallerUsage(videos=after)))
    assert [level for level, _ in found] == levels


def test_it_says_the_numbers_of_each_limit() -> None:
    limits = Limits(videos_per_day=10, credits_per_day=5000)
    found = list(passed("app", limits, CallerUsage(0, 9, 3900.0), CallerUsage(0, 10, 4000.5)))
    assert found == [
        (100, "app has used 100 % of its day: 10 of 10 videos; the day ends at 00:00 UTC"),
        (80, "app has used 80 % of its day: 4000.5 of 5000 credits; the day ends at 00:00 UTC"),
    ]
    assert list(passed("app", Limits(), CallerUsage(), CallerUsage(0, 9, 1e9))) == []

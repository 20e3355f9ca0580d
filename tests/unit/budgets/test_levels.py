"""Which part of a day's limits is reached, and that it is told once."""

from __future__ import annotations

import msgspec
import pytest

from runway_videos.budgets.levels import told, told_refused
from runway_videos.budgets.usage import CallerUsage
from runway_videos.config.caller_options import Limits


def levels(limits: Limits, *videos: int) -> list[int]:
    """What is told while a caller's videos of the day become these, one after the other."""
    usage, found = CallerUsage(), []
    for number in videos:
        usage, reached = told("app", limits, msgspec.structs.replace(usage, videos=number))
        found += [each.percent for each in reached]
    return found


@pytest.mark.parametrize(
    ("videos", "found"),
    [
        ([0, 79], []),
        ([79, 80, 99], [80]),
        ([80, 79, 80, 100, 99, 100], [80, 100]),
        ([10, 100, 80], [100]),
        ([100, 101], [100]),
    ],
)
def test_each_level_is_told_once_however_often_it_is_reached(videos: list[int], found: list[int]) -> None:
    assert levels(Limits(videos_per_day=100), *videos) == found


def test_it_says_the_numbers_of_each_limit() -> None:
    limits = Limits(videos_per_day=10, credits_per_day=5000)
    _, found = told("app", limits, CallerUsage(0, 10, 4000.5))
    assert [(each.percent, each.text) for each in found] == [
        (100, "app has used 100 % of its day: 10 of 10 videos; the day ends at 00:00 UTC"),
        (80, "app has used 80 % of its day: 4000.5 of 5000 credits; the day ends at 00:00 UTC"),
    ]
    assert told("app", Limits(), CallerUsage(0, 9, 1e9)) == (CallerUsage(0, 9, 1e9), ())


def test_another_limit_and_another_day_begin_anew() -> None:
    usage, _ = told("app", Limits(videos_per_day=10), CallerUsage(0, 10))
    more, reached = told("app", Limits(videos_per_day=12), usage)
    assert [each.percent for each in reached] == [80]
    assert told("app", Limits(videos_per_day=12), more)[1] == ()
    tomorrow = msgspec.structs.replace(more.on(3 * 86_400.0), videos=10)
    assert [each.percent for each in told("app", Limits(videos_per_day=10), tomorrow)[1]] == [100]


@pytest.mark.parametrize(("spent", "found"), [(49.0, []), (50.0, ["why"]), (99.0, ["why"])])
def test_a_refused_create_ends_the_day_where_much_of_it_is_used(spent: float, found: list[str]) -> None:
    limits = Limits(credits_per_day=100, videos_per_day=5)
    usage, reached = told_refused(limits, CallerUsage(0, 1, spent), "credits", "why")
    assert [each.text for each in reached] == found
    again = told_refused(limits, usage, "credits", "why")
    assert again == (usage, ())


def test_what_was_told_at_the_limit_is_not_told_again_by_a_refusal() -> None:
    limits = Limits(videos_per_day=5)
    usage, _ = told("app", limits, CallerUsage(0, 5))
    assert told_refused(limits, usage, "videos", "why") == (usage, ())

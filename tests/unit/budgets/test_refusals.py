"""Over which limit, by which numbers, until when."""

from __future__ import annotations

import pytest

from runway_videos.budgets import refusals
from runway_videos.budgets.unfinished import Unfinished
from runway_videos.budgets.usage import DAY_SECONDS, CallerUsage
from runway_videos.config.caller_options import Limits
from runway_videos.errors import ApiError

NOW = 100 * DAY_SECONDS + 3600.5
USED = CallerUsage(100, 3, 90.0, {"t1": Unfinished(100, 30.0, NOW), "t2": Unfinished(99, 1.0, NOW)})


def check(limits: Limits, credits: float | None = 20.0) -> None:
    refusals.check("app", limits, USED, credits, NOW)


@pytest.mark.parametrize(
    ("limits", "credits"),
    [
        (Limits(), None),
        (Limits(videos_per_day=4, credits_per_day=110.0, concurrency=3), 20.0),
        (Limits(credits_per_day=90.5), None),
    ],
)
def test_what_is_within_the_limits_may_begin(limits: Limits, credits: float | None) -> None:
    check(limits, credits)


@pytest.mark.parametrize(
    ("limits", "credits", "words", "seconds"),
    [
        (Limits(videos_per_day=3), 20.0, "app may make 3 videos a day and has made 3;", 82_800),
        (
            Limits(credits_per_day=109.9),
            20.0,
            "app may spend 109.9 credits a day, 90 are spent and this video takes about 20;",
            82_800,
        ),
        (Limits(credits_per_day=90.0), None, "app may spend 90 credits a day, 90 are spent;", 82_800),
        (Limits(concurrency=2), 20.0, "app may have 2 unfinished videos at once and has 2:", 10),
    ],
)
def test_what_is_over_a_limit_says_the_numbers(
    limits: Limits, credits: float | None, words: str, seconds: int
) -> None:
    with pytest.raises(ApiError) as caught:
        check(limits, credits)
    error = caught.value
    assert (error.status, error.code, error.retry) == (429, "insufficient_quota", False)
    assert error.type == "insufficient_quota"
    assert error.message.startswith(words)
    assert error.retry_after is not None
    assert abs(error.retry_after - seconds) <= 1

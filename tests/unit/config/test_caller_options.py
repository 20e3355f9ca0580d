"""What a caller may make, as it is configured."""

from __future__ import annotations

import pytest

from runway_videos.config.caller_options import Limits
from runway_videos.config.conf_file import ConfigError
from unit.config.option_values import settings_from

APP = {"name": "app", "value": "env.TOKEN"}


def limits(**more: object) -> Limits:
    return settings_from({"TOKEN": "tok_t"}, callers=[APP | more]).callers[0].limits


def test_nothing_is_limited_that_is_not_said() -> None:
    assert limits() == Limits(None, None, None, None)
    assert limits().allows("anything", "at-all")


def test_every_limit_may_be_zero() -> None:
    given = {"credits_per_day": 0, "videos_per_day": 0, "concurrency": 0}
    assert limits(**given) == Limits(None, 0.0, 0, 0)
    assert limits(credits_per_day=12.5).credits_per_day == 12.5


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"credits_per_day": -1}, "credits_per_day of app must be a number of 0 or more"),
        ({"credits_per_day": "5"}, "credits_per_day of app must be a number"),
        ({"credits_per_day": True}, "credits_per_day of app must be a number"),
        ({"credits_per_day": float("nan")}, "credits_per_day of app must be a number"),
        ({"credits_per_day": float("inf")}, "credits_per_day of app must be a number"),
        ({"videos_per_day": 1.5}, "videos_per_day of app must be a whole number"),
        ({"videos_per_day": -1}, "videos_per_day of app must be a whole number"),
        ({"concurrency": 1001}, "concurrency of app must be a whole number from 0 to 1000$"),
        ({"concurrency": False}, "concurrency of app must be a whole number"),
        ({"models": []}, "models of app must be a list of patterns"),
        ({"models": "sora-2"}, "models of app must be a list of patterns"),
        (
            {"credit_per_day": 5},
            r"app: 'credit_per_day' is no field of a caller; did you mean 'credits_per_day'\?",
        ),
    ],
)
def test_a_limit_that_is_none_is_named(given: dict[str, object], problem: str) -> None:
    with pytest.raises(ConfigError, match=f"^runway_callers: {problem}"):
        limits(**given)


@pytest.mark.parametrize(
    ("patterns", "asked", "model", "may"),
    [
        (["sora-2*"], "sora-2-pro", "seedance2_5", True),
        (["seedance2_5"], "sora-2-pro", "seedance2_5", True),
        (["runway/gen4*"], "gen4.5", "gen4.5", True),
        (["gen4*"], "runway/gen4.5", "gen4.5", True),
        (["gen4*"], "sora-2", "seedance2_mini", False),
        (["*"], "kling_4", "kling_4", True),
    ],
)
def test_a_pattern_is_for_the_name_or_the_model_behind_it(
    patterns: list[str], asked: str, model: str, may: bool
) -> None:
    assert limits(models=patterns).allows(asked, model) is may


def callers(*names: str, **limits: object) -> list[dict[str, object]]:
    return [{"name": name, "value": f"token-of-{name}", **limits} for name in names]


@pytest.mark.parametrize(
    ("before", "after", "less"),
    [
        ({"callers": callers("a")}, {"callers": callers("a", "b")}, False),
        ({"callers": callers("a")}, {"callers": callers("a", videos_per_day=1)}, False),
        ({"callers": callers("a", "b")}, {"callers": callers("a")}, True),
        ({"callers": callers("a")}, {"callers": []}, True),
        ({"callers": []}, {"callers": callers("a")}, True),
        ({"callers": callers("a"), "forward": True}, {"callers": callers("a")}, True),
        ({"callers": callers("a")}, {"callers": callers("a"), "forward": True}, False),
        ({}, {}, False),
    ],
)
def test_open_tunnels_are_looked_at_again_only_where_somebody_is_let_in_no_more(
    before: dict[str, object], after: dict[str, object], less: bool
) -> None:
    assert settings_from(**after).lets_in_less_than(settings_from(**before)) is less

"""How long keys rest, and what ends it."""

from __future__ import annotations

import pytest

from runway_videos.keys.cooldowns import Cooldowns, Outcome


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize(
    ("outcome", "seconds", "whole"),
    [
        (Outcome.NO_CREDITS, 300, True),
        (Outcome.REFUSED, 600, True),
        (Outcome.DAILY_LIMIT, 3600, False),
        (Outcome.MODEL_CLOSED, 600, False),
    ],
)
def test_how_long_and_for_what_a_key_rests(
    clock: Clock, outcome: Outcome, seconds: float, whole: bool
) -> None:
    health = Cooldowns(clock)
    health.report("a", "gen4.5", outcome, "why")
    cooldown = health.cooldown_of("a", "gen4.5")
    assert cooldown is not None
    assert (cooldown.cause, cooldown.reason) == (outcome, "why")
    assert (health.cooldown_of("a", "other") is not None) is whole
    assert health.cooldown_of("b", "gen4.5") is None
    clock.now += seconds - 0.1
    assert health.cooldown_of("a", "gen4.5") is cooldown
    clock.now += 0.1
    assert health.cooldown_of("a", "gen4.5") is None


def test_success_clears_the_key_and_the_model_but_not_another_model(clock: Clock) -> None:
    health = Cooldowns(clock)
    health.report("a", "one", Outcome.NO_CREDITS, "")
    health.report("a", "one", Outcome.DAILY_LIMIT, "")
    health.report("a", "two", Outcome.DAILY_LIMIT, "")
    health.report("a", "one", Outcome.MADE, "")
    assert health.cooldown_of("a", "one") is None
    assert health.cooldown_of("a", "two") is not None


def test_a_refused_key_gets_one_trial_at_a_time(clock: Clock) -> None:
    health = Cooldowns(clock)
    health.report("a", "m", Outcome.REFUSED, "")
    clock.now += 600
    assert health.cooldown_of("a", "m") is None
    health.begin("a")
    assert health.cooldown_of("a", "m") is not None  # no second beside it
    health.report("a", "m", Outcome.REFUSED, "still")
    clock.now += 599
    assert health.cooldown_of("a", "m") is not None
    clock.now += 1
    health.begin("a")
    health.report("a", "m", Outcome.MADE, "")
    assert health.cooldown_of("a", "m") is None


def test_a_trial_of_unknown_end_is_released_or_times_out(clock: Clock) -> None:
    health = Cooldowns(clock)
    health.report("a", "m", Outcome.REFUSED, "")
    clock.now += 600
    health.begin("a")
    health.release("a")
    assert health.cooldown_of("a", "m") is None
    health.begin("a")
    clock.now += 600
    assert health.cooldown_of("a", "m") is None  # nobody ever told


def test_release_does_not_end_a_rest_that_no_trial_tests(clock: Clock) -> None:
    health = Cooldowns(clock)
    health.report("a", "m", Outcome.REFUSED, "")
    health.release("a")
    assert health.cooldown_of("a", "m") is not None


@pytest.mark.parametrize("outcome", [o for o in Outcome if o not in (Outcome.REFUSED, Outcome.NO_CREDITS)])
def test_any_other_answer_shows_that_a_refused_key_is_good(clock: Clock, outcome: Outcome) -> None:
    health = Cooldowns(clock)
    health.report("a", "m", Outcome.REFUSED, "")
    health.report("a", "m", outcome, "")
    assert health.cooldown_of("a", "elsewhere") is None


def test_an_answer_on_the_content_tells_nothing_about_credits(clock: Clock) -> None:
    health = Cooldowns(clock)
    health.report("a", "m", Outcome.NO_CREDITS, "")
    health.report("a", "m", Outcome.ANSWERED, "")
    assert health.cooldown_of("a", "m") is not None
    clock.now += 300
    health.begin("a")
    assert health.cooldown_of("a", "m") is None  # the rest is over: no trial, all may go


def test_a_full_queue_is_remembered_for_a_minute_or_until_it_moves(clock: Clock) -> None:
    health = Cooldowns(clock)
    health.report("a", "m", Outcome.THROTTLED, "")
    assert health.cooldown_of("a", "m") is None
    assert health.full("a", "m") is not None
    assert health.full("a", "other") is None
    health.report("a", "m", Outcome.MADE, "")  # made, and queued: still full
    assert health.full("a", "m") is not None
    health.report("a", "m", Outcome.MOVING, "")
    assert health.full("a", "m") is None
    health.report("a", "m", Outcome.THROTTLED, "")
    clock.now += 60
    assert health.full("a", "m") is None


def test_marks_are_bounded_and_the_one_that_ends_first_goes(clock: Clock) -> None:
    health = Cooldowns(clock, max_marks=3)
    health.report("a", "soonest", Outcome.MODEL_CLOSED, "")
    for number in range(3):
        clock.now += 1
        health.report("a", f"m{number}", Outcome.DAILY_LIMIT, "")
    assert health.cooldown_of("a", "soonest") is None
    assert health.cooldown_of("a", "m0") is not None
    clock.now += 3600
    health.report("a", "new", Outcome.MODEL_CLOSED, "")
    assert len(health._models) == 1  # what had ended went with it

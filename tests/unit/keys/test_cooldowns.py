"""When a key gets a cooldown, how long, and what ends it."""

from __future__ import annotations

import pytest

from runway_videos.keys.cooldowns import SECONDS, Cooldowns, KeyReport
from unit.clocks import Clock


@pytest.mark.parametrize(
    ("report", "seconds", "whole"),
    [
        (KeyReport.NO_CREDITS, 300, True),
        (KeyReport.UNAUTHORIZED, 600, True),
        (KeyReport.DAILY_LIMIT, 3600, False),
        (KeyReport.MODEL_UNAVAILABLE, 600, False),
    ],
)
def test_how_long_a_cooldown_lasts_and_what_it_is_for(
    clock: Clock, report: KeyReport, seconds: float, whole: bool
) -> None:
    cooldowns = Cooldowns(clock)
    cooldowns.confirm("a", "gen4.5", report, "why")
    cooldown = cooldowns.cooldown_of("a", "gen4.5")
    assert cooldown is not None
    assert (cooldown.cause, cooldown.reason) == (report, "why")
    assert (cooldowns.cooldown_of("a", "other") is not None) is whole
    assert cooldowns.cooldown_of("b", "gen4.5") is None
    clock.now += seconds - 0.1
    assert cooldowns.cooldown_of("a", "gen4.5") is cooldown
    clock.now += 0.1
    assert cooldowns.cooldown_of("a", "gen4.5") is None


def test_success_clears_the_key_and_the_model_but_not_another_model(clock: Clock) -> None:
    cooldowns = Cooldowns(clock)
    cooldowns.confirm("a", "one", KeyReport.NO_CREDITS, "")
    cooldowns.confirm("a", "one", KeyReport.DAILY_LIMIT, "")
    cooldowns.confirm("a", "two", KeyReport.DAILY_LIMIT, "")
    cooldowns.report("a", "one", KeyReport.TASK_MADE, "", b"")
    assert cooldowns.cooldown_of("a", "one") is None
    assert cooldowns.cooldown_of("a", "two") is not None


def test_a_refused_key_gets_one_trial_at_a_time(clock: Clock) -> None:
    cooldowns = Cooldowns(clock)
    cooldowns.confirm("a", "m", KeyReport.UNAUTHORIZED, "")
    clock.now += 600
    assert cooldowns.cooldown_of("a", "m") is None
    cooldowns.begin_create("a")
    assert cooldowns.cooldown_of("a", "m") is not None  # no second beside it
    cooldowns.report("a", "m", KeyReport.UNAUTHORIZED, "still", b"the trial alone")
    clock.now += 599
    assert cooldowns.cooldown_of("a", "m") is not None
    clock.now += 1
    cooldowns.begin_create("a")
    cooldowns.report("a", "m", KeyReport.TASK_MADE, "", b"")
    assert cooldowns.cooldown_of("a", "m") is None


def test_a_trial_of_unknown_end_is_released_or_times_out(clock: Clock) -> None:
    cooldowns = Cooldowns(clock)
    cooldowns.confirm("a", "m", KeyReport.UNAUTHORIZED, "")
    clock.now += 600
    cooldowns.begin_create("a")
    cooldowns.end_create("a")
    assert cooldowns.cooldown_of("a", "m") is None
    cooldowns.begin_create("a")
    clock.now += 600
    assert cooldowns.cooldown_of("a", "m") is None  # nobody ever told


def test_the_end_of_a_create_that_was_no_trial_ends_no_cooldown(clock: Clock) -> None:
    cooldowns = Cooldowns(clock)
    cooldowns.confirm("a", "m", KeyReport.UNAUTHORIZED, "")
    cooldowns.end_create("a")
    assert cooldowns.cooldown_of("a", "m") is not None


@pytest.mark.parametrize(
    "report", [o for o in KeyReport if o not in (KeyReport.UNAUTHORIZED, KeyReport.NO_CREDITS)]
)
def test_any_other_answer_shows_that_a_refused_key_is_good(clock: Clock, report: KeyReport) -> None:
    cooldowns = Cooldowns(clock)
    cooldowns.confirm("a", "m", KeyReport.UNAUTHORIZED, "")
    cooldowns.report("a", "m", report, "", b"")
    assert cooldowns.cooldown_of("a", "elsewhere") is None


def test_an_answer_on_the_content_tells_nothing_about_credits(clock: Clock) -> None:
    cooldowns = Cooldowns(clock)
    cooldowns.confirm("a", "m", KeyReport.NO_CREDITS, "")
    cooldowns.report("a", "m", KeyReport.KEY_ACCEPTED, "", b"")
    assert cooldowns.cooldown_of("a", "m") is not None
    clock.now += 300
    cooldowns.begin_create("a")
    assert cooldowns.cooldown_of("a", "m") is None  # it is over: no trial, all may go


def test_a_full_queue_is_remembered_for_a_minute_or_until_it_moves(clock: Clock) -> None:
    cooldowns = Cooldowns(clock)
    cooldowns.report("a", "m", KeyReport.QUEUE_FULL, "", b"")
    assert cooldowns.cooldown_of("a", "m") is None
    assert cooldowns.is_full("a", "m")
    assert not cooldowns.is_full("a", "other")
    cooldowns.report("a", "m", KeyReport.TASK_MADE, "", b"")  # made, and queued: still full
    assert cooldowns.is_full("a", "m")
    cooldowns.report("a", "m", KeyReport.QUEUE_MOVING, "", b"")
    assert not cooldowns.is_full("a", "m")
    cooldowns.report("a", "m", KeyReport.QUEUE_FULL, "", b"")
    clock.now += 60
    assert not cooldowns.is_full("a", "m")


def test_cooldowns_are_bounded_and_the_one_that_ends_first_goes(clock: Clock) -> None:
    cooldowns = Cooldowns(clock, max_entries=3)
    cooldowns.confirm("a", "soonest", KeyReport.MODEL_UNAVAILABLE, "")
    for number in range(3):
        clock.now += 1
        cooldowns.confirm("a", f"m{number}", KeyReport.DAILY_LIMIT, "")
    assert cooldowns.cooldown_of("a", "soonest") is None
    assert cooldowns.cooldown_of("a", "m0") is not None
    clock.now += 3600
    cooldowns.confirm("a", "new", KeyReport.MODEL_UNAVAILABLE, "")
    for name in ("b", "c"):
        cooldowns.confirm(name, "new", KeyReport.DAILY_LIMIT, "")
    assert cooldowns.cooldown_of("a", "new") is not None  # those that had ended went first


CAUSES = [
    KeyReport.NO_CREDITS,
    KeyReport.UNAUTHORIZED,
    KeyReport.DAILY_LIMIT,
    KeyReport.MODEL_UNAVAILABLE,
]


@pytest.mark.parametrize("cause", CAUSES)
def test_one_request_alone_begins_no_cooldown_a_second_one_does(clock: Clock, cause: KeyReport) -> None:
    cooldowns = Cooldowns(clock)
    assert cooldowns.report("a", "m", cause, "first", b"one")
    assert cooldowns.report("a", "m", cause, "the same again", b"one")
    assert cooldowns.cooldown_of("a", "m") is None
    assert not cooldowns.report("a", "m", cause, "second", b"two")
    cooldown = cooldowns.cooldown_of("a", "m")
    assert cooldown is not None
    assert (cooldown.cause, cooldown.reason) == (cause, "second")


@pytest.mark.parametrize("cause", CAUSES)
def test_two_failures_far_apart_or_of_two_keys_begin_no_cooldown(clock: Clock, cause: KeyReport) -> None:
    cooldowns = Cooldowns(clock)
    cooldowns.report("a", "m", cause, "", b"one")
    cooldowns.report("b", "m", cause, "", b"two")
    clock.now += SECONDS[cause]
    cooldowns.report("a", "m", cause, "", b"three")
    for name in "ab":
        assert cooldowns.cooldown_of(name, "m") is None


@pytest.mark.parametrize("cause", [KeyReport.DAILY_LIMIT, KeyReport.MODEL_UNAVAILABLE])
def test_failures_of_two_models_begin_no_cooldown(clock: Clock, cause: KeyReport) -> None:
    cooldowns = Cooldowns(clock)
    cooldowns.report("a", "one", cause, "", b"one")
    cooldowns.report("a", "two", cause, "", b"two")
    assert cooldowns.cooldown_of("a", "one") is None
    assert cooldowns.cooldown_of("a", "two") is None


@pytest.mark.parametrize("cause", CAUSES)
def test_success_between_two_failures_shows_that_they_were_the_requests_own(
    clock: Clock, cause: KeyReport
) -> None:
    cooldowns = Cooldowns(clock)
    cooldowns.report("a", "m", cause, "", b"one")
    cooldowns.report("a", "m", KeyReport.TASK_MADE, "", b"")
    assert cooldowns.report("a", "m", cause, "", b"two")
    assert cooldowns.cooldown_of("a", "m") is None


def test_what_failed_alone_is_bounded_too(clock: Clock) -> None:
    cooldowns = Cooldowns(clock, max_entries=3)
    for number in range(9):
        cooldowns.report("a", f"m{number}", KeyReport.DAILY_LIMIT, "", b"one")
        clock.now += 1
    assert cooldowns.report("a", "m0", KeyReport.DAILY_LIMIT, "", b"two")  # forgotten
    assert not cooldowns.report("a", "m8", KeyReport.DAILY_LIMIT, "", b"two")

"""What is said when no key takes a create: fixed words, and Runway's own to the caller they answered."""

from __future__ import annotations

import pytest

from runway_videos.keys.pool import Failure, Key, KeyPool, KeyReport
from unit.clocks import Clock

NOT_REACHED = Failure(None, "ConnectError")


def key(name: str) -> Key:
    return Key(name=name, value=f"secret-{name}")


# Best last: each line's cause decides over those of the lines above it.
CAUSES: list[tuple[KeyReport, int, str, str, bool | None]] = [
    (KeyReport.MODEL_UNAVAILABLE, 403, "model_not_available", "permission_error", None),
    (KeyReport.UNAUTHORIZED, 503, "runway_key_refused", "server_error", False),
    (KeyReport.NO_CREDITS, 429, "insufficient_quota", "insufficient_quota", False),
    (KeyReport.DAILY_LIMIT, 429, "rate_limit_exceeded", "rate_limit_error", None),
]


@pytest.mark.parametrize("number", range(len(CAUSES)))
def test_the_cause_that_passes_soonest_decides(clock: Clock, number: int) -> None:
    """Another caller's create told Runway's reasons: they are for the log alone."""
    pool = KeyPool([key(cause.name) for cause, *_ in CAUSES[: number + 1]], clock)
    for cause, *_ in CAUSES[: number + 1]:
        pool.confirm(cause.name, "gen4.5", cause, f"Runway says {cause.name}.")
    assert pool.pick("gen4.5") is None
    error = pool.no_key_error("gen4.5")
    _, status, code, kind, retry = CAUSES[number]
    assert (error.status, error.code, error.type, error.retry) == (status, code, kind, retry)
    assert "Runway says" not in error.message
    for cause, *_ in CAUSES[: number + 1]:
        assert cause.name not in error.message
        assert f"{cause.name}: {cause.value}" in error.detail  # the key's name: for the log alone
        assert f"Runway says {cause.name}." in error.detail


@pytest.mark.parametrize("number", range(len(CAUSES)))
def test_runways_own_words_go_to_the_caller_whose_create_they_answered(clock: Clock, number: int) -> None:
    cause, status, code, kind, retry = CAUSES[number]
    pool = KeyPool([key("a"), key("b")], clock)
    pool.confirm("b", "gen4.5", cause, "told to another caller")
    error = pool.no_key_error("gen4.5", {"a": Failure(cause, "told to this one")})
    assert (error.status, error.code, error.type, error.retry) == (status, code, kind, retry)
    assert "told to this one" in error.message
    assert "another caller" not in error.message
    assert "told to another caller" in error.detail


def test_a_daily_limit_says_when_the_next_try_can_help(clock: Clock) -> None:
    pool = KeyPool([key("a"), key("b")], clock)
    pool.confirm("a", "gen4.5", KeyReport.DAILY_LIMIT)
    clock.now += 600.5
    pool.confirm("b", "gen4.5", KeyReport.DAILY_LIMIT)
    assert pool.no_key_error("gen4.5").retry_after == 3000
    pool.confirm("b", "gen4.5", KeyReport.NO_CREDITS)
    assert pool.no_key_error("gen4.5").retry_after == 300
    # One that stands alone so far has no cooldown; the wait is what it would be.
    alone = {"a": Failure(KeyReport.DAILY_LIMIT, "")}
    assert KeyPool([key("a")], clock).no_key_error("gen4.5", alone).retry_after == 3600


def test_a_key_that_was_not_reached_is_worth_a_retry(clock: Clock) -> None:
    pool = KeyPool([key("a"), key("b")], clock)
    pool.confirm("b", "gen4.5", KeyReport.NO_CREDITS, "none left")
    error = pool.no_key_error("gen4.5", {"a": NOT_REACHED})
    assert (error.status, error.code, error.retry) == (503, "runway_unavailable", None)
    assert "a: not reached" in error.detail


def test_a_429_without_a_daily_limit_asks_for_patience(clock: Clock) -> None:
    pool = KeyPool([key("a")], clock)
    pool.report("a", "gen4.5", KeyReport.QUEUE_FULL, "Slow down")
    error = pool.no_key_error("gen4.5", {"a": Failure(KeyReport.QUEUE_FULL, "Slow down")})
    assert (error.status, error.code, error.retry) == (429, "rate_limit_exceeded", None)
    assert error.retry_after == 5
    assert "No room: Slow down" in error.message


@pytest.mark.parametrize("report", [KeyReport.QUEUE_FULL, KeyReport.DAILY_LIMIT])
def test_what_runway_says_of_the_time_is_passed_on(clock: Clock, report: KeyReport) -> None:
    pool = KeyPool([key("a"), key("b")], clock)
    failures = {"a": Failure(report, "No", 2), "b": Failure(report, "No", 90)}
    assert pool.no_key_error("gen4.5", failures).retry_after == 2
    pool.report("a", "gen4.5", report, "No")
    assert pool.no_key_error("gen4.5", failures).retry_after == 2


def test_where_runway_is_not_reached_the_client_learns_why(clock: Clock) -> None:
    pool = KeyPool([key("a"), key("b")], clock)
    offline = Failure(None, "Runway cannot be reached (name not known)")
    for other in (offline, Failure(KeyReport.NO_CREDITS, "told to this one")):
        error = pool.no_key_error("gen4.5", {"a": offline, "b": other})
        assert error.message.startswith("Runway cannot be reached (name not known); try again.")
        assert (error.status, error.code) == (503, "runway_unavailable")
    full = Failure(KeyReport.QUEUE_FULL, "busy")
    assert "reached" not in pool.no_key_error("gen4.5", {"a": full, "b": full}).message

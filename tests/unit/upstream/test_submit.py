"""What becomes of a create: made once, with the next key, later, or never sent again."""

from __future__ import annotations

import itertools
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError
from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError
from runway_videos.upstream.submit import FIRST_WAIT_SECONDS, MAX_RETRY_SECONDS, SubmittedTask
from unit.upstream.submit_harness import MADE, Box, refusal

CREDITS = refusal(400, "You do not have enough credits to run this task.")
DAILY = refusal(429, "Your daily task limit has been reached.")
REFUSED = refusal(401, "Incorrect API key provided.")
CLOSED = refusal(403, "Model variant gen4.5 is not available")
FULL = refusal(429, "Too many requests")
OVERLOAD = Reply(503, b"busy")
NEXT_KEY = [CREDITS, DAILY, REFUSED, CLOSED, FULL, NotSentError("ConnectError")]
UNKNOWN: list[Reply | Exception] = [
    Reply(200, b'{"id": '),
    Reply(200, b"[]"),
    Reply(200, b'{"id": ""}'),
    Reply(201, b"{}"),
    Reply(204),
    Reply(307),
    refusal(408, "Request timeout"),
    refusal(409, "Conflict"),
    refusal(500, "Internal error"),
    Reply(504, b"<html>"),
    Reply(520),
    UnknownOutcomeError("ReadError"),
    UnknownOutcomeError("ReadTimeout", timed_out=True),
]


def refused(box: Box, *, picture: bool = False) -> ApiError:
    with pytest.raises(ApiError) as caught:
        box.submit(picture=picture)
    return caught.value


def test_a_task_is_made_with_the_key_whose_turn_it_is() -> None:
    box = Box(2)
    assert [box.submit() for _ in range(3)] == [SubmittedTask(key, "task-1", 25) for key in "aba"]
    assert box.client.bodies[0] == {"model": "gen4.5", "promptText": "a cat"}
    assert box.waits == []


@pytest.mark.parametrize("answer", NEXT_KEY)
def test_where_nothing_was_made_the_next_key_is_tried_at_once(answer: Reply | Exception) -> None:
    box = Box(3).plan("create", answer, answer)
    assert box.submit().key == "c"
    assert box.client.asked == [("create", "a"), ("create", "b"), ("create", "c")]
    assert box.waits == []


@pytest.mark.parametrize(
    ("answer", "status", "code", "retry"),
    [
        (CREDITS, 429, "insufficient_quota", False),
        (REFUSED, 503, "runway_key_refused", False),
        (CLOSED, 403, "model_not_available", None),
        (DAILY, 429, "rate_limit_exceeded", None),
        (FULL, 429, "rate_limit_exceeded", None),
        (NotSentError("ConnectError"), 503, "runway_unavailable", None),
    ],
)
def test_when_every_key_is_out_the_client_gets_the_reason(
    answer: Reply | Exception, status: int, code: str, retry: bool | None
) -> None:
    box = Box(2).plan("create", answer, answer)
    error = refused(box)
    assert (error.status, error.code, error.retry, error.may_have_made) == (status, code, retry, False)
    assert box.client.times("create") == 2


@pytest.mark.parametrize("answer", UNKNOWN)
def test_an_unknown_outcome_is_never_sent_again(
    answer: Reply | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    box = Box(3).plan("create", answer)
    with caplog.at_level(logging.ERROR, "runway"):
        error = refused(box)
    assert box.client.asked == [("create", "a")]
    timed_out = isinstance(answer, UnknownOutcomeError) and answer.timed_out
    assert error.status == (504 if timed_out else 502)
    assert (error.code, error.retry, error.may_have_made) == ("outcome_unknown", False, True)
    assert "a paid task may exist" in error.message
    (line,) = caplog.messages
    assert line.startswith("OUTCOME UNKNOWN: a paid task may exist at Runway: a cat for the test, key a: ")
    assert "value-a" not in line


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_a_key_that_runway_repeats_is_in_no_line(status: int, caplog: pytest.LogCaptureFixture) -> None:
    box = Box().plan("create", refusal(status, "No value-a,\nyes value-a."))
    with caplog.at_level(logging.DEBUG, "runway"):
        error = refused(box)
    before, line = caplog.messages
    assert before == "creating: a cat for the test, key a"
    assert line.endswith("No …, yes ….")
    if status == 500:
        assert "HTTP 500" in line
    else:
        assert line == "key a cannot take a create of gen4.5: No …, yes …."
    assert "value-a" not in error.message + error.detail


@pytest.mark.parametrize(("status", "tries"), [(400, 1), (503, 5)])
@pytest.mark.parametrize("step", ["create", "slot"])
def test_a_key_that_runway_repeats_is_not_told_to_the_client(step: str, status: int, tries: int) -> None:
    answer = refusal(status, "No value-a.", issues=[{"path": ["model"], "message": "value-a"}])
    box = Box().plan(step, *[answer] * 9)
    error = refused(box, picture=True)
    assert box.client.times(step) == tries
    assert "No …." in error.message + error.detail
    assert "value-a" not in error.message + error.detail


@pytest.mark.parametrize("status", [400, 404, 405, 413, 415, 422])
def test_what_is_wrong_everywhere_goes_to_the_client(status: int) -> None:
    issues = [{"path": ["promptText"], "message": "Too long"}]
    box = Box(3).plan("create", refusal(status, "Validation of body failed", issues=issues))
    error = refused(box)
    assert (error.status, error.param, error.may_have_made) == (status, "prompt", False)
    assert "Too long" in error.message
    assert box.client.times("create") == 1


def test_a_validation_that_speaks_of_credits_is_no_empty_key() -> None:
    issues = [{"path": ["promptText"], "message": "no credits for this word"}]
    box = Box(2).plan("create", refusal(400, "Validation of body failed: credits", issues=issues))
    assert refused(box).status == 400
    assert box.client.times("create") == 1


@pytest.mark.parametrize("status", [502, 503])
def test_load_shedding_is_waited_out(status: int) -> None:
    box = Box().plan("create", Reply(status), Reply(status), Reply(status))
    assert box.submit().task == "task-1"
    assert box.waits == [1.0, 2.0, 4.0]


def test_load_shedding_without_an_end_is_told_as_nothing_made() -> None:
    box = Box().plan("create", *[OVERLOAD] * 99)
    error = refused(box)
    assert (error.status, error.code, error.may_have_made) == (503, "runway_overloaded", False)
    assert error.retry is None
    assert box.waits == [1.0, 2.0, 4.0, 8.0]


@given(st.lists(st.floats(0, 1), min_size=20, max_size=20), st.floats(0, 5))
@settings(max_examples=60, deadline=None)
def test_waits_double_with_up_to_half_on_top_and_end_in_time(jitters: list[float], call: float) -> None:
    """`call` is how long each of Runway's answers takes."""
    box = Box().plan("create", *[OVERLOAD] * 99)
    drawn = itertools.cycle(jitters)

    def jitter() -> float:
        box.now += call
        return next(drawn)

    box.maker._jitter = jitter
    started = box.now
    refused(box)
    for number, wait in enumerate(box.waits):
        least = FIRST_WAIT_SECONDS * 2**number
        assert least <= wait <= least * 1.5
    # From the first refusal on; the last answer may come after the end, no wait goes over it.
    assert sum(box.waits) + call * (len(box.waits) - 1) <= MAX_RETRY_SECONDS
    assert box.now - started <= MAX_RETRY_SECONDS + 2 * call


def test_after_a_wait_a_key_that_was_tried_in_vain_is_not_tried_again() -> None:
    box = Box(2).plan("create", NotSentError("ConnectError"), OVERLOAD, OVERLOAD)
    assert box.submit().key == "b"
    assert [who for _, who in box.client.asked] == ["a", "b", "b", "b"]


def test_a_lost_answer_after_a_wait_ends_it() -> None:
    box = Box(2).plan("create", OVERLOAD, refusal(500, "oops"))
    assert refused(box).code == "outcome_unknown"
    assert box.client.times("create") == 2


def test_a_refused_key_whose_trial_stays_unknown_may_be_tried_again() -> None:
    """After ten minutes one create tries it; one that says nothing of it must not use up the trial."""
    box = Box().plan("create", REFUSED)
    refused(box)
    assert refused(box).code == "runway_key_refused"
    assert box.client.times("create") == 1
    box.now += 601
    box.plan("create", UnknownOutcomeError("ReadError"), MADE)
    assert refused(box).code == "outcome_unknown"
    assert box.submit().key == "a"


@pytest.mark.parametrize("credits", ['"many"', "true", "null", "{}"])
def test_an_odd_price_is_no_reason_to_lose_a_task(credits: str) -> None:
    box = Box().plan("create", Reply(200, b'{"id":"t","estimatedCost":{"credits":%s}}' % credits.encode()))
    assert box.submit() == SubmittedTask("a", "t", None)

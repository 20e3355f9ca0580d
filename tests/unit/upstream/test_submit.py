"""What becomes of a create: made once, with the next key, later, or never sent again."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError
from runway_videos.events import CreateBody, CreateSending, Event, KeyPassedOver, OutcomeUnknown
from runway_videos.keys.cooldowns import KeyReport
from runway_videos.keys.pool import Key
from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError
from runway_videos.upstream.submit import MAX_SENDS, SubmittedTask
from runway_videos.upstream.timeouts import Timeouts
from unit.upstream.submit_harness import MADE, MODEL, NOT_MADE, VIDEO, Scripted, SubmitHarness, refusal

CREDITS = refusal(400, "You do not have enough credits to run this task.")
DAILY = refusal(429, "Your daily task limit has been reached.")
REFUSED = refusal(401, "Incorrect API key provided.")
CLOSED = refusal(403, "Model variant gen4.5 is not available")
FULL = refusal(429, "Too many requests")
OVERLOAD = refusal(503, "Busy.")
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
    *(Reply(status, body) for status in (502, 503) for body in (b"", b"<html>", b"[]", b'{"error": {}}')),
    Reply(504, b"<html>"),
    Reply(520),
    UnknownOutcomeError("ReadError"),
    UnknownOutcomeError("ReadTimeout", timed_out=True),
]


def refused(harness: SubmitHarness, *, picture: bool = False) -> ApiError:
    with pytest.raises(ApiError) as caught:
        harness.submit(picture=picture)
    return caught.value


def test_a_task_is_made_with_the_key_whose_turn_it_is() -> None:
    harness = SubmitHarness(2)
    assert [harness.submit() for _ in range(3)] == [SubmittedTask(key, "task-1", 25) for key in "aba"]
    assert harness.client.bodies[0] == {"model": "gen4.5", "promptText": "a cat"}
    assert harness.waits == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429])
def test_a_page_of_something_in_between_goes_to_the_client_and_to_no_other_key(status: int) -> None:
    harness = SubmitHarness(2).plan("create", Reply(status, b"<html>Blocked</html>"))
    error = refused(harness)
    assert (error.status, error.code, error.retry) == (502, "runway_unexpected_answer", False)
    assert harness.client.asked == [("create", "a")]
    # The key is not blamed: it is still its turn.
    assert harness.submit(prompt="a dog").key == "a"


@pytest.mark.parametrize("answer", NEXT_KEY)
def test_where_nothing_was_made_the_next_key_is_tried_at_once(answer: Reply | Exception) -> None:
    harness = SubmitHarness(3).plan("create", answer, answer)
    assert harness.submit().key == "c"
    assert harness.client.sent == [("create", "a"), ("create", "b"), ("create", "c")]
    assert harness.waits == []


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
    harness = SubmitHarness(2).plan("create", answer, answer)
    error = refused(harness)
    assert (error.status, error.code, error.retry, error.may_have_made) == (status, code, retry, False)
    assert harness.client.times("create") == 2


@pytest.mark.parametrize("answer", UNKNOWN)
def test_an_unknown_outcome_is_never_sent_again(answer: Reply | Exception) -> None:
    harness = SubmitHarness(3).plan("create", answer)
    error = refused(harness)
    assert harness.client.sent == [("create", "a")]
    timed_out = isinstance(answer, UnknownOutcomeError) and answer.timed_out
    assert error.status == (504 if timed_out else 502)
    assert (error.code, error.retry, error.may_have_made) == ("outcome_unknown", False, True)
    event = harness.events[-1]
    assert isinstance(event, OutcomeUnknown)
    assert (event.video, event.key) == (VIDEO, "a")
    assert "value-a" not in str(event)


@pytest.mark.parametrize(
    ("status", "text", "ends"),
    [
        (401, "No,\nreally.", [NOT_MADE, KeyPassedOver("a", MODEL, "No, really.", KeyReport.UNAUTHORIZED)]),
        (
            429,
            "Slow\x1b down.",
            [NOT_MADE, KeyPassedOver("a", MODEL, "Slow\x1b down.", KeyReport.QUEUE_FULL)],
        ),
        (422, "Wrong.", [NOT_MADE]),
        (500, "Oops.", [OutcomeUnknown(VIDEO, "a", "HTTP 500 Oops.")]),
    ],
)
def test_create_is_reported_before_it_is_sent_and_after(status: int, text: str, ends: list[Event]) -> None:
    harness = SubmitHarness().plan("create", refusal(status, text))
    refused(harness)
    assert harness.events == [CreateSending(VIDEO, "a"), CreateBody({"promptText": "a cat"}), *ends]


@pytest.mark.parametrize("status", [400, 404, 405, 413, 415, 422])
def test_what_is_wrong_everywhere_goes_to_the_client(status: int) -> None:
    issues = [{"path": ["promptText"], "message": "Too long"}]
    harness = SubmitHarness(3).plan("create", refusal(status, "Validation of body failed", issues=issues))
    error = refused(harness)
    assert (error.status, error.param, error.may_have_made) == (status, "prompt", False)
    assert "Too long" in error.message
    assert harness.client.times("create") == 1


def test_a_validation_that_speaks_of_credits_is_no_empty_key() -> None:
    issues = [{"path": ["promptText"], "message": "no credits for this word"}]
    harness = SubmitHarness(2).plan(
        "create", refusal(400, "Validation of body failed: credits", issues=issues)
    )
    assert refused(harness).status == 400
    assert harness.client.times("create") == 1


@pytest.mark.parametrize("status", [502, 503])
def test_load_shedding_is_waited_out(status: int) -> None:
    harness = SubmitHarness().plan("create", *[refusal(status, "Busy.")] * (MAX_SENDS - 1))
    assert harness.submit().task == "task-1"
    assert harness.waits == [1.0, 2.0]


@pytest.mark.parametrize("keys", [1, 3])
def test_a_create_is_sent_three_times_at_most_whatever_the_keys(keys: int) -> None:
    harness = SubmitHarness(keys).plan("create", *[OVERLOAD] * 99)
    error = refused(harness)
    assert (error.status, error.code, error.may_have_made) == (503, "runway_overloaded", False)
    assert error.retry is None
    assert error.detail == "Busy."
    assert harness.client.times("create") == MAX_SENDS == 3


def test_going_on_to_another_key_is_not_counted_among_the_three() -> None:
    harness = SubmitHarness(3).plan("create", OVERLOAD, FULL, OVERLOAD, FULL)
    assert harness.submit().key == "c"
    assert [who for _, who in harness.client.sent] == ["a", "a", "b", "b", "c"]


@pytest.mark.parametrize("status", [502, 503])
def test_a_gateways_page_is_never_answered_by_a_second_send(status: int) -> None:
    """Also after load shedding of Runway's own."""
    harness = SubmitHarness(2).plan("create", OVERLOAD, Reply(status, b"<html>Bad gateway</html>"))
    assert refused(harness).code == "outcome_unknown"
    assert harness.client.times("create") == 2


@given(st.lists(st.floats(0, 1), min_size=9, max_size=9))
@settings(max_examples=60, deadline=None)
def test_waits_double_with_up_to_half_on_top(jitters: list[float]) -> None:
    drawn = itertools.cycle(jitters)
    harness = SubmitHarness(jitter=lambda: next(drawn)).plan("create", *[OVERLOAD] * 99)
    refused(harness)
    assert len(harness.waits) == MAX_SENDS - 1
    for number, wait in enumerate(harness.waits):
        least = Timeouts().first_wait * 2**number
        assert least <= wait <= least * 1.5


def test_no_wait_and_no_send_begins_behind_the_time_for_all_tries() -> None:
    harness = SubmitHarness()

    def slowly() -> Reply:
        harness.now += 120
        return OVERLOAD

    harness.client.answers["create"] = slowly
    assert refused(harness).code == "runway_overloaded"
    assert harness.client.times("create") == 2
    assert harness.waits == [1.0]

    harness = SubmitHarness(3)
    harness.client.answers["create"] = lambda: slowly() and FULL
    error = refused(harness)
    assert (error.code, error.detail, error.may_have_made) == (
        *("runway_overloaded", "no time is left for another try"),
        False,
    )
    assert harness.client.times("create") == 2


def test_a_create_that_is_out_of_time_when_it_was_sent_is_unknown() -> None:
    class Silent(Scripted):
        async def create(self, key: Key, path: str, body: bytes) -> Reply:
            self.asked.append(("create", key.name))
            await asyncio.Event().wait()
            return MADE

    harness = SubmitHarness(2, client=Silent(), timeouts=Timeouts(all_tries=0.05))
    error = refused(harness)
    assert (error.status, error.code, error.may_have_made) == (504, "outcome_unknown", True)
    assert harness.client.times("create") == 1


def test_after_a_wait_a_key_that_was_tried_in_vain_is_not_tried_again() -> None:
    harness = SubmitHarness(2).plan("create", NotSentError("ConnectError"), OVERLOAD, OVERLOAD)
    assert harness.submit().key == "b"
    assert [who for _, who in harness.client.sent] == ["a", "b", "b", "b"]


def test_a_lost_answer_after_a_wait_ends_it() -> None:
    harness = SubmitHarness(2).plan("create", OVERLOAD, refusal(500, "oops"))
    assert refused(harness).code == "outcome_unknown"
    assert harness.client.times("create") == 2


def test_what_may_not_be_sent_is_not_sent() -> None:
    harness = SubmitHarness(2)
    harness.must_not_send = ApiError(503, "No store.", code="store_unavailable")
    assert refused(harness).code == "store_unavailable"
    assert (harness.sendings, harness.client.asked) == ([0], [])
    assert not [event for event in harness.events if isinstance(event, CreateSending)]


def test_it_is_told_before_each_try_that_a_create_is_sent() -> None:
    harness = SubmitHarness(2).plan("create", OVERLOAD)
    harness.submit()
    assert (harness.sendings, harness.client.times("create")) == ([0, 1], 2)

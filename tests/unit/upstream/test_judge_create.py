"""Each row of what is known of Runway's answers to a create: is it paid, who is told, what is next."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import render
from runway_videos.keys.pool import KeyReport
from runway_videos.upstream.create_outcomes import (
    CreateOutcome,
    OutcomeUnknown,
    RequestRefused,
    TaskMade,
    TryAgainLater,
    TryNextKey,
)
from runway_videos.upstream.judge_create import judge_create, judge_upload
from unit.upstream.replies import error, reply

TASK = "3f2b8a10-1c2d-4e5f-8a9b-0123456789ab"
NO_CREDITS = "You do not have enough credits to run this task."
DAILY = "Your daily task limit has been reached."


# Made


@pytest.mark.parametrize("status", [200, 201, 202])
def test_an_id_is_a_task_that_was_made(status: int) -> None:
    made = judge_create(reply(status, {"id": TASK, "estimatedCost": {"credits": 25}}))
    assert made == TaskMade(TASK, 25)


@pytest.mark.parametrize(
    ("cost", "credits"),
    [({"credits": 12.5}, 12.5), ({"credits": 0}, 0), ({"credits": True}, None), ({"credits": "5"}, None),
     ({}, None), ([], None), ("5", None), (None, None)],
)  # fmt: skip
def test_a_cost_that_is_none_makes_a_task_no_less_made(cost: object, credits: float | None) -> None:
    assert judge_create(reply(200, {"id": TASK, "estimatedCost": cost})) == TaskMade(TASK, credits)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"OK", b"<html>", b"[]", b'["id"]', b'"id"', b"null", b"{}", b'{"id":', b'{"id": "\xff"}'),
        *(b"[" * 100_000, b'{"a":' * 100_000, b'{"id": 1e999}'),
        *({"id": ""}, {"id": None}, {"id": 5}, {"ID": TASK}, {"task": {"id": TASK}}),
    ],
)
def test_a_success_without_an_id_may_have_made_one(body: object) -> None:
    assert judge_create(reply(200, body)) == OutcomeUnknown("Runway's answer named no task")


# Nothing was made: another key


@pytest.mark.parametrize(
    ("status", "text", "report"),
    [
        (400, NO_CREDITS, KeyReport.NO_CREDITS),
        (401, "No API key was provided. Set the Authorization header.", KeyReport.UNAUTHORIZED),
        (401, "Incorrect API key provided.", KeyReport.UNAUTHORIZED),
        (401, "Your account is suspended: no credits", KeyReport.UNAUTHORIZED),
        (403, "Model variant seedance2_5 is not available", KeyReport.MODEL_UNAVAILABLE),
        (403, "Model variant seedance2_5 is not available.", KeyReport.MODEL_UNAVAILABLE),
        (429, DAILY, KeyReport.DAILY_LIMIT),
        (429, "Too many requests", KeyReport.QUEUE_FULL),
        (429, "DAILY generation limit", KeyReport.QUEUE_FULL),
        (429, f"{DAILY} Or so.", KeyReport.QUEUE_FULL),
    ],
)
def test_runways_own_sentences_speak_of_the_key(status: int, text: str, report: KeyReport) -> None:
    assert judge_create(reply(status, error(text))) == TryNextKey(report, text)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "Insufficient credits."),
        (400, NO_CREDITS.upper()),
        (400, f"Invalid URL: https://example.com/?q={NO_CREDITS}"),
        (400, f"{NO_CREDITS} https://example.com"),
        (403, "Not for you."),
        (403, "Invalid URL: Model variant x is not available"),
    ],
)
def test_a_text_that_quotes_or_resembles_a_sentence_blames_no_key(status: int, text: str) -> None:
    found = judge_create(reply(status, error(text)))
    assert isinstance(found, RequestRefused)
    assert found.report is (KeyReport.KEY_ACCEPTED if status == 400 else None)
    assert found.error.status == status
    assert text in found.error.message


def test_a_sentence_beside_issues_is_about_the_request() -> None:
    issues = [{"path": ["promptText"], "message": "no"}]
    assert isinstance(judge_create(reply(400, error(NO_CREDITS, issues=issues))), RequestRefused)


NOT_RUNWAYS: list[object] = [
    *(b"", b"<html>Bad gateway</html>", b"[]", b"slow down", b"null", {}, {"message": NO_CREDITS}),
    *(
        {"error": {"message": NO_CREDITS}},
        {"error": ""},
        {"error": " "},
        {"error": None},
        {"errors": [DAILY]},
    ),
]


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 418, 422, 429, 451])
def test_a_refusal_of_something_in_between_blames_no_key_and_is_never_sent_again(status: int) -> None:
    for body in NOT_RUNWAYS:
        found = judge_create(reply(status, body))
        assert isinstance(found, RequestRefused)
        assert found.report is None
        assert (found.error.status, found.error.code) == (502, "runway_unexpected_answer")
        # It may have come in place of an answer: whoever asks again gets the same.
        assert (found.error.retry, found.error.may_have_made) == (False, True)
        assert str(status) in found.error.message


@pytest.mark.parametrize("status", [502, 503])
@pytest.mark.parametrize("text", ["Overloaded", NO_CREDITS])
def test_load_shedding_of_runways_own_is_waited_out(status: int, text: str) -> None:
    assert judge_create(reply(status, error(text))) == TryAgainLater(text)


# A paid task may exist


@pytest.mark.parametrize("status", [502, 503])
@pytest.mark.parametrize(
    "text", ["Bad Gateway", "upstream request failed", "Timeout", "The request timed out", "Connection reset"]
)
def test_who_has_sent_the_create_on_and_lost_the_answer_sheds_no_load(status: int, text: str) -> None:
    assert judge_create(reply(status, error(text))) == OutcomeUnknown(f"HTTP {status} {text}")


@pytest.mark.parametrize("status", [502, 503])
def test_a_502_or_503_of_something_in_between_may_stand_for_a_lost_answer(status: int) -> None:
    for body in NOT_RUNWAYS:
        assert judge_create(reply(status, body)) == OutcomeUnknown(f"HTTP {status}")


@pytest.mark.parametrize(
    "status", [*range(300, 309), 408, 409, 500, 501, 504, 505, 520, 524, 599, 600, 0, 100]
)
def test_everything_else_may_have_made_a_task(status: int) -> None:
    for body in (b"", b"<html>", error(NO_CREDITS), {"id": TASK}):
        found = judge_create(reply(status, body))
        assert isinstance(found, OutcomeUnknown)
        assert f"HTTP {status}" in found.reason


# Places for uploads: nothing can be paid


@pytest.mark.parametrize("status", [200, 201, 302, 408, 409, 500, 504])
def test_an_upload_is_asked_for_again_where_a_create_is_not(status: int) -> None:
    for body in (b"", {"id": TASK}):
        assert judge_upload(reply(status, body)) == TryAgainLater(f"HTTP {status}")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, error(NO_CREDITS), TryNextKey),
        (401, error("No."), TryNextKey),
        (429, error("Slow"), TryNextKey),
        (503, error("Busy"), TryAgainLater),
    ],
)
def test_otherwise_an_upload_is_judged_like_a_create(
    status: int, body: object, kind: type[CreateOutcome]
) -> None:
    found = judge_upload(reply(status, body))
    assert isinstance(found, kind)
    assert found == judge_create(reply(status, body))


@pytest.mark.parametrize("body", [b"<html>", error("Bad name")])
def test_a_refused_upload_made_nothing(body: object) -> None:
    found = judge_upload(reply(400, body))
    assert isinstance(found, RequestRefused)
    assert not found.error.may_have_made


# Whatever comes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.one_of(
    st.binary(max_size=40),
    st.fixed_dictionaries(
        {},
        optional={
            "id": JSON,
            "error": JSON,
            "estimatedCost": JSON,
            "issues": JSON | st.lists(st.fixed_dictionaries({"path": JSON, "message": JSON}), max_size=3),
        },
    ),
)


@settings(max_examples=300, deadline=None)
@given(status=st.integers(100, 599), body=BODIES)
def test_no_answer_breaks_it_and_none_is_taken_as_unpaid_that_may_be_paid(status: int, body: Any) -> None:
    found = judge_create(reply(status, body))
    if status in (500, 504, 408, 409) or 300 <= status < 400:
        assert isinstance(found, OutcomeUnknown)
    if 200 <= status < 300:
        assert isinstance(found, TaskMade | OutcomeUnknown)
    if isinstance(found, TaskMade):
        assert found.task
    if isinstance(found, TryAgainLater | TryNextKey):
        assert isinstance(body, dict)
        assert body["error"].strip()
    if isinstance(found, RequestRefused):
        assert json.loads(render(found.error)[2])["error"]["message"]

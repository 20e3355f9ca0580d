"""Each row of what is known of Runway's answers to a create: is it paid, who is told, what is next."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import render
from runway_videos.keys.pool import Outcome
from runway_videos.upstream.create_answers import Kind, Verdict, judge_create, judge_upload
from unit.upstream.replies import error, reply

TASK = "3f2b8a10-1c2d-4e5f-8a9b-0123456789ab"
NO_CREDITS = "You do not have enough credits to run this task."
DAILY = "Your daily task limit has been reached."


# Made


@pytest.mark.parametrize("status", [200, 201, 202])
def test_an_id_is_a_task_that_was_made(status: int) -> None:
    made = judge_create(reply(status, {"id": TASK, "estimatedCost": {"credits": 25}}))
    assert made == Verdict(Kind.MADE, Outcome.MADE, task=TASK, credits=25)


@pytest.mark.parametrize(
    ("cost", "credits"),
    [({"credits": 12.5}, 12.5), ({"credits": 0}, 0), ({"credits": True}, None), ({"credits": "5"}, None),
     ({}, None), ([], None), ("5", None), (None, None)],
)  # fmt: skip
def test_a_cost_that_is_none_makes_a_task_no_less_made(cost: object, credits: float | None) -> None:
    verdict = judge_create(reply(200, {"id": TASK, "estimatedCost": cost}))
    assert (verdict.kind, verdict.task, verdict.credits) == (Kind.MADE, TASK, credits)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"OK", b"<html>", b"[]", b'["id"]', b'"id"', b"null", b"{}", b'{"id":', b'{"id": "\xff"}'),
        *(b"[" * 100_000, b'{"a":' * 100_000, b'{"id": 1e999}'),
        *({"id": ""}, {"id": None}, {"id": 5}, {"ID": TASK}, {"task": {"id": TASK}}),
    ],
)
def test_a_success_without_an_id_may_have_made_one(body: object) -> None:
    verdict = judge_create(reply(200, body))
    assert verdict == Verdict(Kind.UNKNOWN, reason="Runway's answer named no task")


# Nothing was made: another key


@pytest.mark.parametrize(
    "text",
    [NO_CREDITS, "Insufficient credits.", "NOT ENOUGH CREDITS", "You need 1 more credit", "no credits\nleft"],
)
def test_a_400_of_credits_is_the_keys_not_the_clients(text: str) -> None:
    verdict = judge_create(reply(400, error(text)))
    assert (verdict.kind, verdict.outcome, verdict.error) == (Kind.NEXT_KEY, Outcome.NO_CREDITS, None)
    assert verdict.reason == " ".join(text.split())


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (401, error("Invalid API key"), Outcome.REFUSED),
        (401, b"", Outcome.REFUSED),
        (401, error("Your account is suspended: no credits"), Outcome.REFUSED),
        (403, error("Model variant seedance2_5 is not available"), Outcome.MODEL_CLOSED),
        (403, b"<html>", Outcome.MODEL_CLOSED),
        (429, error(DAILY), Outcome.DAILY_LIMIT),
        (429, error("DAILY generation limit"), Outcome.DAILY_LIMIT),
        (429, error("Too many requests"), Outcome.THROTTLED),
        (429, b"slow down", Outcome.THROTTLED),
        (429, error("A dailyish word"), Outcome.THROTTLED),
    ],
)
def test_what_another_key_can_serve(status: int, body: object, outcome: Outcome) -> None:
    verdict = judge_create(reply(status, body))
    assert (verdict.kind, verdict.outcome) == (Kind.NEXT_KEY, outcome)


@pytest.mark.parametrize("status", [502, 503])
@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", error("Overloaded"), error(NO_CREDITS)])
def test_load_shedding_is_waited_out(status: int, body: object) -> None:
    verdict = judge_create(reply(status, body))
    assert (verdict.kind, verdict.outcome) == (Kind.LATER, None)
    assert verdict.reason


# A paid task may exist


@pytest.mark.parametrize(
    "status", [*range(300, 309), 408, 409, 500, 501, 504, 505, 520, 524, 599, 600, 0, 100]
)
@pytest.mark.parametrize("body", [b"", b"<html>", error(NO_CREDITS), {"id": TASK}])
def test_everything_else_may_have_made_a_task(status: int, body: object) -> None:
    verdict = judge_create(reply(status, body))
    assert (verdict.kind, verdict.outcome, verdict.task) == (Kind.UNKNOWN, None, "")
    assert f"HTTP {status}" in verdict.reason


# Places for uploads: nothing can be paid


@pytest.mark.parametrize("status", [200, 201, 302, 408, 409, 500, 504])
def test_an_upload_is_asked_for_again_where_a_create_is_not(status: int) -> None:
    for body in (b"", {"id": TASK}):
        verdict = judge_upload(reply(status, body))
        assert (verdict.kind, verdict.outcome, verdict.task) == (Kind.LATER, None, "")
        assert verdict.reason


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, error(NO_CREDITS), Kind.NEXT_KEY),
        (401, error("No."), Kind.NEXT_KEY),
        (429, error("Slow"), Kind.NEXT_KEY),
        (400, error("Bad name"), Kind.REFUSED),
        (503, b"", Kind.LATER),
    ],
)
def test_otherwise_an_upload_is_judged_like_a_create(status: int, body: object, kind: Kind) -> None:
    upload, create = judge_upload(reply(status, body)), judge_create(reply(status, body))
    assert (upload.kind, upload.outcome, upload.reason) == (kind, create.outcome, create.reason)
    assert (upload.error is None) == (create.error is None) == (kind is not Kind.REFUSED)


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
    verdict = judge_create(reply(status, body))
    if status in (500, 504, 408, 409) or 300 <= status < 400:
        assert verdict.kind is Kind.UNKNOWN
    if 200 <= status < 300:
        assert verdict.kind in (Kind.MADE, Kind.UNKNOWN)
        assert (verdict.kind is Kind.MADE) == bool(verdict.task)
    if verdict.kind is Kind.REFUSED:
        assert verdict.error is not None
        assert json.loads(render(verdict.error)[2])["error"]["message"]

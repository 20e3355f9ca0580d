"""What Runway refuses for everyone is told to the client in its own words: parameter, status, reason."""

from __future__ import annotations

import pytest

from runway_videos.errors import ApiError, render
from runway_videos.keys.pool import KeyReport
from runway_videos.upstream.create_outcomes import OutcomeUnknown, RequestRefused
from runway_videos.upstream.judge_create import judge_create, reason_of, refusal
from unit.upstream.replies import error, reply

VALIDATION = "Validation of body failed"

PLAIN = {
    "content-type": "application/json",
    "cache-control": "private, no-store",
    "x-content-type-options": "nosniff",
}


def issue(path: object, message: object = "Too long", **more: object) -> dict[str, object]:
    return {"code": "too_big", "path": path, "message": message, **more}


def refused(body: object, status: int = 400) -> ApiError:
    outcome = judge_create(reply(status, body))
    assert isinstance(outcome, RequestRefused)
    # The key was taken: one that was not accepted before may serve again.
    assert outcome.report is KeyReport.KEY_ACCEPTED
    assert not outcome.error.may_have_made
    return outcome.error


@pytest.mark.parametrize("status", [400, 402, 404, 405, 413, 415, 418, 422, 451, 499])
def test_a_refusal_keeps_status_and_reason(status: int) -> None:
    found = refused(error("This is not possible."), status)
    assert (found.status, found.param, found.code) == (status, None, "runway_refused")
    assert found.message == "Runway refused the request: This is not possible."
    assert found.retry is None


@pytest.mark.parametrize(
    ("path", "param"),
    [
        (["promptText"], "prompt"),
        (["promptImage"], "input_reference"),
        (["promptImage", 0, "uri"], "input_reference[0].uri"),
        (["promptVideo"], "video_uri"),
        (["videoUri"], "video_uri"),
        (["ratio"], "size"),
        (["duration"], "seconds"),
        (["references", 2, "tag"], "references[2].tag"),
        (["contentModeration", "publicFigureThreshold"], "content_moderation.public_figure_threshold"),
        (["seed"], "seed"),
        (["model"], "model"),
    ],
)
def test_runways_path_becomes_the_clients_parameter(path: list[str | int], param: str) -> None:
    found = refused(error(VALIDATION, issues=[issue(path, "Too long")]))
    assert (found.param, found.code) == (param, "invalid_value")
    assert found.message == f"Runway refused the request: {VALIDATION}: {param}: Too long"


def test_issues_that_speak_of_credits_are_the_clients() -> None:
    body = error("Validation failed: credits", issues=[issue(["promptText"], "no credits")])
    assert refused(body).param == "prompt"


def test_several_issues_are_told_and_the_first_that_has_one_names_the_parameter() -> None:
    body = error(
        VALIDATION,
        issues=[
            issue([], "Somewhere"),
            issue(["ratio"], "Odd"),
            issue(["duration"], None),
            {"path": ["seed"]},
        ],
    )
    found = refused(body)
    assert found.param == "size"
    assert found.message.endswith(": Somewhere; size: Odd; seconds: too_big; seed: not accepted")


def test_an_unknown_field_is_named_itself() -> None:
    strange = issue([], "Unrecognized key", code="unrecognized_keys", keys=["negativePrompt"])
    assert refused(error(VALIDATION, issues=[strange])).param == "negative_prompt"


@pytest.mark.parametrize(
    "issues",
    [
        *(None, "text", 5, {}, {"path": ["ratio"]}, [None], ["ratio"], [[["ratio"]]], [5]),
        *([{}], [issue(None)], [issue("ratio")], [issue([None, 1.5, {}, ["x"]])], [issue({"a": 1})]),
        [issue([], {"nested": "message"})],
    ],
)
def test_odd_issues_are_survived(issues: object) -> None:
    found = refused(error(VALIDATION, issues=issues))
    assert found.status == 400
    assert found.param is None
    assert found.message.startswith(f"Runway refused the request: {VALIDATION}")


def test_texts_without_end_are_cut() -> None:
    huge = "x" * 50_000
    found = refused(error(huge, issues=[issue(["ratio"], huge)] * 20))
    assert len(found.message) < 2100
    assert len(reason_of(reply(401, error(huge)))) == 500
    unknown = judge_create(reply(500, error(huge)))
    assert isinstance(unknown, OutcomeUnknown)
    assert len(unknown.reason) < 600


def test_nothing_of_runways_text_reaches_a_header_and_the_reason_is_one_line() -> None:
    evil = "no\r\nSet-Cookie: a=b\x1b[31m\u2028 credit cards"
    found = refused(error(evil, issues=[issue(["ratio\r\nX: y"], evil)]))
    headers = render(found)[1]
    assert headers == PLAIN
    assert "\n" not in reason_of(reply(400, error(evil)))
    assert "\r" not in reason_of(reply(400, error(evil)))


def test_a_refusal_that_comes_with_a_strange_status_is_a_502() -> None:
    assert refusal(reply(302, error("Moved"))).status == 502

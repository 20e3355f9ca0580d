"""The operator's lines: one an event, what it cost and who paid, a client's text escaped."""

from __future__ import annotations

import logging

import pytest

from runway_videos import events
from runway_videos.errors import ApiError
from runway_videos.openai.routes import Operation, Route
from runway_videos.openai.video import VideoError
from runway_videos.store.video_references import VideoReference, owner_hash
from runway_videos.translate import Plan, TaskCall
from runway_videos.translate.task_status import TaskState
from runway_videos.upstream.submit import SubmittedTask

REFERENCE = VideoReference("team-a", "task-1", owner_hash(""), "sora-2", "4", "720x1280", 0)


def plan(model: str = "sora-2", wire: str = "seedance2") -> Plan:
    return Plan(TaskCall("text_to_video", wire, {}), model, "4", "720x1280", "a cat", ())


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def test_a_create(log: pytest.LogCaptureFixture) -> None:
    events.created(plan(), SubmittedTask("team-a", "task-1", 25), "app", 1.26, sandbox=False)
    events.created(plan("gen4.5", "gen4.5"), SubmittedTask("team-a", "t\n\x1b", None), "", 0, sandbox=True)
    assert log.messages == [
        "created: sora-2 → seedance2, text_to_video, 4 s, 720x1280, caller app, "
        "key team-a, about 25 credits, task task-1, in 1.3 s",
        "SANDBOX created: gen4.5, text_to_video, 4 s, 720x1280, key team-a, task t\\n\\x1b, in 0.0 s",
    ]


def test_an_end(log: pytest.LogCaptureFixture) -> None:
    done = TaskState("completed", 100, credits=25)
    events.ended(REFERENCE, "seedance2", "app", done, 61, sandbox=False)
    failed = TaskState("failed", error=VideoError("SAFETY\n.X", "No."))
    events.ended(REFERENCE, "", "", failed, -5, sandbox=True)
    assert log.messages == [
        "completed: sora-2 → seedance2, 4 s, 720x1280, caller app, "
        "key team-a, 25 credits, took 61 s, task task-1",
        "SANDBOX failed (SAFETY\\n.X): sora-2, 4 s, 720x1280, "
        "key team-a, cost unknown, took 0 s, task task-1",
    ]


def test_a_deletion_and_what_was_left_out(log: pytest.LogCaptureFixture) -> None:
    events.deleted(REFERENCE, "app", sandbox=True)
    events.fields_ignored(("user", "n\n"))
    assert log.messages == [
        "SANDBOX deleted: sora-2, 4 s, 720x1280, caller app, key team-a, task task-1",
        "left out of a create, Runway has no such thing: user, n\\n",
    ]


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (ApiError(400, "No."), logging.INFO),
        (ApiError(401, "No."), logging.INFO),
        (ApiError(404, "Gone."), logging.DEBUG),
        (ApiError(404, "Gone.", detail="why"), logging.WARNING),
        (ApiError(429, "Full."), logging.INFO),
        (ApiError(429, "Full.", detail="why"), logging.WARNING),
        (ApiError(500, "No."), logging.WARNING),
        (ApiError(503, "No."), logging.WARNING),
    ],
)
def test_failures_are_loud_and_a_clients_mistakes_are_not(
    error: ApiError, level: int, log: pytest.LogCaptureFixture
) -> None:
    events.refused(error, Route(Operation.CREATE, name="list"), sandbox=False)
    (record,) = log.records
    assert record.levelno == level
    assert record.getMessage().startswith(f"create refused, {error.status}: {error.message}")
    assert ("(why)" in record.getMessage()) == bool(error.detail)


def test_a_refusal_is_named_by_what_was_asked_and_is_one_line(log: pytest.LogCaptureFixture) -> None:
    events.refused(
        ApiError(400, "a\nb" + "x" * 5000, detail="c\rd"),
        Route(Operation.UNSUPPORTED, name="remix"),
        sandbox=False,
    )
    (line,) = log.messages
    assert line.startswith("remix refused, 400: a\\nb")
    assert line.endswith(" (c\\rd)")
    assert len(line) < 600


def test_a_refusal_by_the_sandbox_is_called_one(log: pytest.LogCaptureFixture) -> None:
    events.refused(ApiError(503, "Down.", detail="why"), Route(Operation.STATUS, "video_rw1"), sandbox=True)
    assert log.messages == ["SANDBOX status refused, 503: Down. (why)"]


def test_a_client_that_is_cut_off_is_a_warning_without_its_query(log: pytest.LogCaptureFixture) -> None:
    events.cut_off(ApiError(401, "No\n."), "POST", "/v1/videos\x1b?key=hush", "10.0.0.9")
    (record,) = log.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == "cut off POST /v1/videos\\x1b from 10.0.0.9, 401: No\\n."

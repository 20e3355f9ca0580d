"""The operator's lines: one an event, what it cost and who paid, a client's text escaped."""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec
import pytest

from runway_videos import events, log_sink
from runway_videos.errors import ApiError
from runway_videos.events import Event, VideoFacts
from runway_videos.log_sink import LogSink
from runway_videos.media import Media
from runway_videos.openai import routes
from runway_videos.openai.routes import Operation, Route
from runway_videos.openai.video import VideoError
from runway_videos.store.video_ids import unknown_video
from runway_videos.translate.task_status import TaskState

VIDEO = VideoFacts("sora-2", "4", "720x1280", "app", "seedance2", "text_to_video")
OTHER = VideoFacts("sora-2", "4", "720x1280", "")


def not_now(seconds: float, call: Callable[[], None]) -> None:
    """For tests that end before the second does."""


write, write_sandbox = LogSink(sandbox=False, later=not_now), LogSink(sandbox=True, later=not_now)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def test_submitted_video_has_its_log_line(log: pytest.LogCaptureFixture) -> None:
    write(events.VideoSubmitted(VIDEO, "team-a", "task-1", 25, 1.26, "video_rw1"))
    same = VideoFacts("gen4.5", "4", "720x1280", "", "gen4.5", "text_to_video")
    write_sandbox(events.VideoSubmitted(same, "team-a", "t\n\x1b", None, 0))
    assert log.messages == [
        "created: sora-2 → seedance2, text_to_video, 4 s, 720x1280, caller app, "
        "key team-a, about 25 credits, task task-1, video_rw1, in 1.3 s",
        "SANDBOX created: gen4.5, text_to_video, 4 s, 720x1280, key team-a, task t\\n\\x1b, in 0.0 s",
    ]


def test_ended_video_has_its_log_line(log: pytest.LogCaptureFixture) -> None:
    done = TaskState("completed", 100, credits=25)
    video = msgspec.structs.replace(VIDEO, mode="")
    write(events.VideoEnded(video, "team-a", "task-1", done, 61, "video_rw1"))
    failed = TaskState("failed", error=VideoError("SAFETY\n.X", "No."))
    write_sandbox(events.VideoEnded(OTHER, "team-a", "task-1", failed, -5, made_here=False))
    assert log.messages == [
        "completed: sora-2 → seedance2, 4 s, 720x1280, caller app, "
        "key team-a, 25 credits, took 61 s, task task-1, video_rw1",
        "SANDBOX failed (SAFETY\\n.X): sora-2, 4 s, 720x1280, "
        "key team-a, cost unknown, took 0 s, task task-1, created by another process",
    ]


def test_deleted_video_and_ignored_fields_have_their_log_lines(log: pytest.LogCaptureFixture) -> None:
    video = msgspec.structs.replace(OTHER, caller="app")
    write_sandbox(events.VideoDeleted(video, "team-a", "task-1", "video_rw1"))
    write(events.FieldsIgnored(("user", "n\n")))
    assert log.messages == [
        "SANDBOX deleted: sora-2, 4 s, 720x1280, caller app, key team-a, task task-1, video_rw1",
        "left out of a create, Runway has no such thing: user, n\\n",
    ]


def test_pictures_that_cannot_be_made_have_their_log_line(log: pytest.LogCaptureFixture) -> None:
    write(events.PreviewFailed("t\n1", ("thumbnail", "spritesheet"), "it is\ntoo large"))
    assert log.messages == ["task t\\n1: no thumbnail and spritesheet: it is\\ntoo large"]
    assert log.records[0].levelno == logging.WARNING


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (ApiError(400, "No."), logging.INFO),
        (ApiError(401, "No."), logging.INFO),
        (ApiError(404, "Gone."), logging.INFO),
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
    write(events.CallRefused(error, Route(Operation.CREATE, name="list")))
    (record,) = log.records
    assert record.levelno == level
    assert record.getMessage().startswith(f"create refused, {error.status}: {error.message}")
    assert ("(why)" in record.getMessage()) == bool(error.detail)


def test_a_refusal_is_named_by_what_was_asked_and_is_one_line(log: pytest.LogCaptureFixture) -> None:
    error = ApiError(400, "a\nb" + "x" * 5000, detail="c\rd")
    write(events.CallRefused(error, Route(Operation.UNSUPPORTED, name="remix")))
    (line,) = log.messages
    assert line.startswith("remix refused, 400: a\\nb")
    assert line.endswith(" (c\\rd)")
    assert len(line) < 600


def test_a_refusal_by_the_sandbox_is_called_one(log: pytest.LogCaptureFixture) -> None:
    error = ApiError(503, "Down.", detail="why")
    write_sandbox(events.CallRefused(error, Route(Operation.STATUS, "video_rw1")))
    assert log.messages == ["SANDBOX status refused, 503: Down. (why)"]


@pytest.mark.parametrize(
    "event",
    [
        events.CreateSending(VIDEO, "team-a"),
        events.OutcomeUnknown(VIDEO, "team-a", "no answer"),
        events.CreateGivenUp(VIDEO),
        events.CreateAbandoned(VIDEO),
    ],
)
def test_no_create_of_the_sandbox_looks_paid(event: Event, log: pytest.LogCaptureFixture) -> None:
    write_sandbox(event)
    assert log.messages[0].startswith("SANDBOX ")


@pytest.mark.parametrize("status", [401, 403, 404, 405, 413])
def test_what_anyone_can_cause_is_a_line_a_second_with_who_it_was(
    status: int, log: pytest.LogCaptureFixture
) -> None:
    timers: list[Callable[[], None]] = []
    write = LogSink(sandbox=False, later=lambda seconds, call: timers.append(call))
    refused = events.CallRefused(ApiError(status, "No."), Route(Operation.STATUS), "app", "10.0.0.9")
    for _ in range(3):
        write(refused)
    write(events.ConnectionCut(ApiError(status, "No."), "POST", "/v1/videos", "10.0.0.9"))
    line = f"status refused, {status}: No. (from 10.0.0.9, caller app)"
    assert log.messages == [line]
    timers.pop()()
    assert log.messages[1:] == [
        f"cut off POST /v1/videos from 10.0.0.9, {status}: No. (3 more like this within a second)"
    ]


def test_a_refusal_that_may_cost_has_a_line_each(log: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        write(events.CallRefused(ApiError(502, "Lost."), Route(Operation.CREATE), "", "10.0.0.9"))
    assert log.messages == ["create refused, 502: Lost. (from 10.0.0.9)"] * 3


def test_a_client_that_is_cut_off_is_a_warning_without_its_query(log: pytest.LogCaptureFixture) -> None:
    write(events.ConnectionCut(ApiError(401, "No\n."), "POST", "/v1/videos\x1b?key=hush", "10.0.0.9"))
    (record,) = log.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == "cut off POST /v1/videos\\x1b from 10.0.0.9, 401: No\\n."


def test_every_other_event_has_its_line(log: pytest.LogCaptureFixture) -> None:
    write(events.CreateSending(VIDEO, "team-a"))
    write(events.CreateSending(VIDEO, "team-a", 144.5))
    write(events.PriceDiffers("seedance2", "1080p", 40, 51.25))
    write(events.PriceDiffers("m\n", "", 40, 50))
    write(events.OutcomeUnknown(VIDEO, "team-a", "reset\n"))
    write(events.CreateGivenUp(VIDEO))
    write(events.KeyPassedOver("team-a", "seedance2", "no\tcredits"))
    write(events.UploadFailed("team-a", "failed twice: HTTP 500"))
    write(events.PollStale("task-1", "HTTP 503"))
    write(events.TaskContradicted("task-1", "odd"))
    write(events.ContentFailed("task-1", "HTTP 403", worked_before=False))
    write(events.ContentFailed("task-1", "HTTP 403", worked_before=True))
    write(events.OtherTrafficRefused(ApiError(403, "No\n."), "a connection", "10.0.0.9"))
    video = "sora-2 → seedance2, text_to_video, 4 s, 720x1280, caller app"
    assert log.messages == [
        f"creating: {video}, key team-a",
        f"creating: {video}, key team-a, about 144.5 credits",
        "the price of seedance2 at 1080p is 51.25 credits a second by Runway's estimate, "
        "not 40: it is expected from now on",
        "the price of m\\n is 50 credits a second by Runway's estimate, not 40: it is expected from now on",
        f"OUTCOME UNKNOWN: a paid task may exist at Runway: {video}, key team-a: reset\\n",
        f"OUTCOME UNKNOWN: a paid task may exist at Runway: {video}: the proxy ended before Runway answered",
        "key team-a cannot take a create of seedance2: no\\tcredits",
        "key team-a: the upload of a file failed twice: HTTP 500",
        "task task-1: status from memory, Runway cannot be asked: HTTP 503",
        "task task-1: odd",
        "task task-1: Runway does not give the video's bytes: HTTP 403",
        "task task-1: Runway did not give the video's bytes: HTTP 403",
        "refused a connection from 10.0.0.9, 403: No\\n.",
    ]


def test_what_was_sent_stands_beside_what_it_makes(log: pytest.LogCaptureFixture) -> None:
    video = msgspec.structs.replace(VIDEO, sent=(("ratio", "16:9"), ("resolution", "768p")))
    write(events.CreateSending(video, "team-a"))
    write(events.CreateSending(msgspec.structs.replace(video, asked_size="1024x1792"), "team-a"))
    assert "4 s, 720x1280 (sent ratio 16:9, resolution 768p), caller app" in log.messages[0]
    assert "720x1280 (asked 1024x1792; sent ratio 16:9, resolution 768p)" in log.messages[1]


def test_the_body_is_shown_at_debug_alone_and_without_media(log: pytest.LogCaptureFixture) -> None:
    picture = Media("image", "image/png", b"x" * 9_000, "a.png")
    body: dict[str, object] = {
        "promptText": "a cat",
        "promptImage": [{"uri": "data:image/png;base64," + "A" * 9_000}, picture],
    }
    write(events.CreateBody(body))
    (line,) = log.messages
    assert line.startswith('to Runway: {"promptText":"a cat"')
    assert "(9022 characters)" in line
    assert "9000 bytes" in line
    assert len(line) < 600
    log.clear()
    log.set_level(logging.INFO)
    write(events.CreateBody(body))
    assert log.messages == []


def test_all_events_have_a_line() -> None:
    assert set(log_sink.LINES) == set(Event.__subclasses__())


def test_a_call_for_a_video_of_another_service_is_named_so(log: pytest.LogCaptureFixture) -> None:
    route = routes.find("GET", "/v1/videos/video_68a1")
    assert route is not None
    write(events.CallRefused(unknown_video("video_68a1"), route))
    assert log.messages == ["other video call refused, 404: Video with id 'video_68a1' not found."]

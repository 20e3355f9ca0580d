"""The sink that writes events to the log, one line each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from runway_videos import events, operator_lines
from runway_videos.events import Event, VideoFacts
from runway_videos.line_throttle import Later, LineThrottle
from runway_videos.logs import escaped, log
from runway_videos.media import Media, TaskOutput
from runway_videos.observe import log_lines as observe_lines
from runway_videos.webhooks import log_lines as webhook_lines

# Characters of a text in a logged body; a data URI is far longer.
_MAX_TEXT_IN_BODY = 200


# Refusals of these statuses can be caused by anyone, as often as they like.
_THROTTLED = frozenset({401, 403, 404, 405, 413})


class LogSink:
    """Writes each event as one line; with `sandbox`, lines about videos begin with SANDBOX.

    `later` calls a function after so many seconds: when refusals that were left out are counted.
    """

    def __init__(self, sandbox: bool, later: Later | None = None) -> None:
        self._prefix = "SANDBOX " if sandbox else ""
        self._throttle = LineThrottle(_write, later)

    def __call__(self, event: Event) -> None:
        level, line = LINES[type(event)](event)
        if not line or not log.isEnabledFor(level):
            return
        line = (self._prefix if isinstance(event, _OF_VIDEOS) else "") + line
        line += f" [{event.request_id}]" if event.request_id else ""
        if isinstance(event, _REFUSALS) and event.peer and event.error.status in _THROTTLED:
            self._throttle.add(event.peer, f"{event.error.status} {event.error.code}", level, line)
        else:
            _write(level, line)


def _write(level: int, line: str) -> None:
    log.log(level, "%s", line)


_REFUSALS = (events.CallRefused, events.ConnectionCut)
# Events whose lines get the prefix SANDBOX.
_OF_VIDEOS = (
    events.CreateSending,
    events.CreateNotMade,
    events.OutcomeUnknown,
    events.CreateGivenUp,
    events.CreateAbandoned,
    events.VideoSubmitted,
    events.VideoEnded,
    events.VideoDeleted,
    events.CallRefused,
)


def describe(video: VideoFacts) -> str:
    """`sora-2 → seedance2, text_to_video, 4 s, 720x1280, caller app`."""
    same = video.runway_model in ("", video.model)
    name = video.model if same else f"{video.model} → {video.runway_model}"
    notes = [f"asked {video.asked_size}"] if video.asked_size else []
    if video.sent:
        notes.append("sent " + escaped(", ".join(f"{wire} {value}" for wire, value in video.sent)))
    parts = (
        escaped(name),
        video.mode,
        escaped(video.made_from),
        f"{video.seconds} s",
        video.size + (f" ({'; '.join(notes)})" if notes else ""),
        f"caller {video.caller}" if video.caller else "",
    )
    return ", ".join(part for part in parts if part)


def _sending(event: events.CreateSending) -> tuple[int, str]:
    return logging.INFO, f"creating: {describe(event.video)}, key {event.key}{_about(event.credits)}"


def _body(event: events.CreateBody) -> tuple[int, str]:
    if not log.isEnabledFor(logging.DEBUG):
        return logging.DEBUG, ""  # it may be large
    return logging.DEBUG, f"to Runway: {msgspec.json.encode(_shortened(event.body)).decode()}"


def _submitted(event: events.VideoSubmitted) -> tuple[int, str]:
    return logging.INFO, (
        f"created: {describe(event.video)}, key {event.key}{_about(event.credits)}, "
        f"task {escaped(event.task)}{_id_of(event)}, in {event.seconds:.1f} s"
    )


def _not_made(event: events.CreateNotMade) -> tuple[int, str]:
    return logging.DEBUG, f"key {event.key} made nothing: {describe(event.video)}"


def _unknown(event: events.OutcomeUnknown) -> tuple[int, str]:
    return logging.ERROR, (
        f"OUTCOME UNKNOWN: a paid task may exist at Runway: {describe(event.video)}, "
        f"key {event.key}: {escaped(event.reason)}"
    )


def _given_up(event: events.CreateGivenUp) -> tuple[int, str]:
    return logging.ERROR, (
        f"OUTCOME UNKNOWN: a paid task may exist at Runway: {describe(event.video)}: "
        "the proxy ended before Runway answered"
    )


def _abandoned(event: events.CreateAbandoned) -> tuple[int, str]:
    return logging.ERROR, (
        f"OUTCOME UNKNOWN: a paid task may exist at Runway: {describe(event.video)}: "
        "the process that sent it has died"
    )


def _passed_over(event: events.KeyPassedOver) -> tuple[int, str]:
    reason = escaped(event.reason)
    return logging.WARNING, f"key {event.key} cannot take a create of {event.model}: {reason}"


def _price_differs(event: events.PriceDiffers) -> tuple[int, str]:
    where = escaped(f"{event.model} at {event.resolution}" if event.resolution else event.model)
    return logging.WARNING, (
        f"the price of {where} is {event.actual:g} credits a second by Runway's estimate, "
        f"not {event.expected:g}: it is expected from now on"
    )


def _upload_failed(event: events.UploadFailed) -> tuple[int, str]:
    return logging.WARNING, f"key {event.key}: the upload of a file {escaped(event.reason)}"


def _ignored(event: events.FieldsIgnored) -> tuple[int, str]:
    names = escaped(", ".join(event.names))
    return logging.INFO, f"left out of a create, Runway has no such thing: {names}"


def _ended(event: events.VideoEnded) -> tuple[int, str]:
    state = event.state
    why = f" ({escaped(state.error.code)})" if state.error else ""
    cost = "cost unknown" if state.credits is None else f"{state.credits:g} credits"
    elsewhere = "" if event.made_here else ", created by another process"
    return logging.INFO, (
        f"{state.status}{why}: {describe(event.video)}, key {event.key}, {cost}, "
        f"took {max(0, event.seconds)} s, task {escaped(event.task)}{_id_of(event)}{elsewhere}"
    )


def _deleted(event: events.VideoDeleted) -> tuple[int, str]:
    task = escaped(event.task)
    return logging.INFO, f"deleted: {describe(event.video)}, key {event.key}, task {task}{_id_of(event)}"


def _id_of(event: events.VideoSubmitted | events.VideoEnded | events.VideoDeleted) -> str:
    return f", {event.video_id}" if event.video_id else ""


def _stale(event: events.PollStale) -> tuple[int, str]:
    task, problem = escaped(event.task), escaped(event.problem)
    return logging.WARNING, f"task {task}: status from memory, Runway cannot be asked: {problem}"


def _contradicted(event: events.TaskContradicted) -> tuple[int, str]:
    return logging.WARNING, f"task {escaped(event.task)}: {escaped(event.problem)}"


def _content_failed(event: events.ContentFailed) -> tuple[int, str]:
    verb = "did" if event.worked_before else "does"
    task, problem = escaped(event.task), escaped(event.problem)
    return logging.WARNING, f"task {task}: Runway {verb} not give the video's bytes: {problem}"


def _preview_failed(event: events.PreviewFailed) -> tuple[int, str]:
    names = " and ".join(event.names)
    return logging.WARNING, f"task {escaped(event.task)}: no {names}: {escaped(event.problem)}"


# By event: the level and the text of its line ("": no line).
LINES: Mapping[type[Event], Callable[[Any], tuple[int, str]]] = {
    events.CreateSending: _sending,
    events.CreateBody: _body,
    events.VideoSubmitted: _submitted,
    events.CreateNotMade: _not_made,
    events.OutcomeUnknown: _unknown,
    events.CreateGivenUp: _given_up,
    events.CreateAbandoned: _abandoned,
    events.KeyPassedOver: _passed_over,
    events.PriceDiffers: _price_differs,
    events.UploadFailed: _upload_failed,
    events.FieldsIgnored: _ignored,
    events.VideoEnded: _ended,
    events.VideoDeleted: _deleted,
    events.PollStale: _stale,
    **webhook_lines.LINES,
    **observe_lines.LINES,
    **operator_lines.LINES,
    events.TaskContradicted: _contradicted,
    events.ContentFailed: _content_failed,
    events.PreviewFailed: _preview_failed,
}


def _about(credits: float | None) -> str:
    return "" if credits is None else f", about {credits:g} credits"


def _shortened(value: object) -> object:
    """A body without the bytes of files and with long texts truncated: data URIs hold media."""
    if isinstance(value, Media | TaskOutput):
        return repr(value)
    if isinstance(value, dict):
        return {name: _shortened(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    if isinstance(value, str) and len(value) > _MAX_TEXT_IN_BODY:
        return f"{value[:_MAX_TEXT_IN_BODY]}… ({len(value)} characters)"
    return value

"""The sink that keeps an account of what was made and what it cost: `runway_audit`, JSON lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from runway_videos import events
from runway_videos.config.conf_file import ConfigError
from runway_videos.config.settings import Settings
from runway_videos.events import Event, Sink, VideoFacts
from runway_videos.logs import escaped
from runway_videos.observe.audit_file import AuditFile


class AuditLine(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One line. What is not known, or not so, is left out.

    `event`: sending, then created, refused or unknown; ended, deleted. `model` is as the client wrote it,
    `runway_model` and `mode` are Runway's; `credits` are final, `milliseconds` from the create's
    beginning to Runway's answer, `seconds_to_end` from the video's creation. `made_elsewhere`:
    another process created it, and may tell of its end, too.
    """

    time: str
    event: str
    request_id: str = ""
    caller: str = ""
    key: str = ""
    model: str = ""
    runway_model: str = ""
    mode: str = ""
    made_from: str = ""
    seconds: str = ""
    size: str = ""
    task: str = ""
    video_id: str = ""
    credits_estimated: float | None = None
    credits: float | None = None
    milliseconds: int | None = None
    seconds_to_end: int | None = None
    outcome: str = ""
    failure_code: str = ""
    reason: str = ""
    prompt: str = ""
    made_elsewhere: bool = False
    sandbox: bool = False


class Audit:
    """Writes lines while `use` has named a file. `now` is unix time; `tell` gets its own troubles."""

    def __init__(self, tell: Sink, now: Callable[[], float]) -> None:
        self._tell = tell
        self._now = now
        self._file: AuditFile | None = None
        self._prompts = self._sandbox = False
        self._facts: Mapping[type[Event], Callable[[Any], dict[str, Any]]] = {
            events.CreateSending: _sending,
            events.VideoSubmitted: self._submitted,
            events.CreateNotMade: _not_made,
            events.OutcomeUnknown: _unknown,
            events.CreateGivenUp: _given_up,
            events.VideoEnded: _ended,
            events.VideoDeleted: _deleted,
        }

    def use(self, settings: Settings) -> None:
        """Writes to the file of these settings, or to none. Raises ConfigError, and nothing has changed."""
        path, before = settings.audit, self._file
        if path and (before is None or str(before.path) != path):
            file = AuditFile(Path(path), self._failed, now=self._now)
            try:
                file.open()
            except OSError as error:
                problem = f"cannot write {escaped(path)}: {error.strerror or error}"
                raise ConfigError(f"runway_audit: {problem}") from error
            self._file = file
        elif not path:
            self._file = None
        if before is not None and before is not self._file:
            before.close()
        self._prompts, self._sandbox = settings.audit_prompts, settings.sandbox

    def __call__(self, event: Event) -> None:
        facts = self._facts.get(type(event)) if self._file is not None else None
        if facts is None or self._file is None:
            return
        time = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="milliseconds")
        line = AuditLine(
            time=time.replace("+00:00", "Z"),
            request_id=event.request_id,
            sandbox=self._sandbox,
            **facts(event),
        )
        self._file.append(_json(line) + b"\n")

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()

    def _failed(self, problem: str | None) -> None:
        self._tell(events.AuditFailed(problem))

    def _submitted(self, event: events.VideoSubmitted) -> dict[str, Any]:
        return {
            "event": "created",
            "key": event.key,
            "task": event.task,
            "video_id": event.video_id,
            "credits_estimated": event.credits,
            "milliseconds": round(event.seconds * 1000),
            "outcome": "made",
            "prompt": event.prompt if self._prompts else "",
            **_of(event.video),
        }


def _sending(event: events.CreateSending) -> dict[str, Any]:
    return {"event": "sending", "key": event.key, "credits_estimated": event.credits, **_of(event.video)}


def _not_made(event: events.CreateNotMade) -> dict[str, Any]:
    return {"event": "refused", "outcome": "refused", "key": event.key, **_of(event.video)}


def _unknown(event: events.OutcomeUnknown) -> dict[str, Any]:
    facts = {"event": "unknown", "outcome": "unknown", "key": event.key, "reason": event.reason}
    return {**facts, **_of(event.video)}


def _given_up(event: events.CreateGivenUp) -> dict[str, Any]:
    reason = "the proxy ended before Runway answered"
    return {"event": "unknown", "outcome": "unknown", "reason": reason, **_of(event.video)}


def _ended(event: events.VideoEnded) -> dict[str, Any]:
    state = event.state
    return {
        "event": "ended",
        "key": event.key,
        "task": event.task,
        "video_id": event.video_id,
        "credits": state.credits,
        "seconds_to_end": max(event.seconds, 0),
        "outcome": "deleted" if event.deleted else state.status,
        "failure_code": state.error.code if state.error else "",
        "made_elsewhere": not event.made_here,
        **_of(event.video),
    }


def _deleted(event: events.VideoDeleted) -> dict[str, Any]:
    facts = {"event": "deleted", "key": event.key, "task": event.task, "video_id": event.video_id}
    return {**facts, **_of(event.video)}


def _of(video: VideoFacts) -> dict[str, str]:
    names = ("caller", "model", "runway_model", "mode", "made_from", "seconds", "size")
    return {name: getattr(video, name) for name in names}


def _json(line: AuditLine) -> bytes:
    try:
        return msgspec.json.encode(line)
    except UnicodeEncodeError:  # a client's raw bytes, which JSON cannot hold
        plain: dict[str, Any] = {
            name: value.encode("utf-8", "backslashreplace").decode()
            for name, value in msgspec.structs.asdict(line).items()
            if isinstance(value, str)
        }
        return msgspec.json.encode(msgspec.structs.replace(line, **plain))

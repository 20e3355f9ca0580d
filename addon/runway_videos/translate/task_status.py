"""A Runway task into what a Video says of it: status, progress, error, output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from runway_videos.openai.video import Status, VideoError

# Runway's six states; THROTTLED is accepted and waits for room in the organisation.
_STATUSES: Mapping[str, Status] = {
    "PENDING": "queued",
    "THROTTLED": "queued",
    "RUNNING": "in_progress",
    "SUCCEEDED": "completed",
    "FAILED": "failed",
    "CANCELLED": "failed",
}
# Runway advises not to show `failure` without context. The codes are an open set: by prefix.
_CONTEXTS: tuple[tuple[str, str], ...] = (
    ("SAFETY.INPUT", "Runway's moderation did not accept the input."),
    ("INPUT_PREPROCESSING.SAFETY", "Runway's moderation did not accept the input."),
    ("SAFETY", "Runway's moderation held the result back."),
    ("INPUT_PREPROCESSING", "Runway could not prepare the input."),
    ("ASSET", "Runway could not use a file of the request."),
    ("THIRD_PARTY.UNAVAILABLE", "The model's provider was not available; try again later."),
    ("INTERNAL", "Runway could not make the video; try again."),
    ("", "Runway could not make the video."),
)
_LONGEST_FAILURE = 1000


class TaskState(msgspec.Struct, frozen=True):
    """What a task says now. `progress` in whole percent; `credits` where the task has ended.

    `unknown_word`: the status that Runway gave, where it is none of the known ones.
    """

    status: Status
    progress: int = 0
    error: VideoError | None = None
    outputs: tuple[str, ...] = ()
    credits: float | None = None
    throttled: bool = False
    unknown_word: str = ""

    @property
    def ended(self) -> bool:
        """Whether the task changes no more."""
        return self.status in ("completed", "failed")


def read_task(task: Mapping[str, Any], last_progress: int = 0) -> TaskState:
    """Reads the body of `GET /v1/tasks/{id}`; an unknown status counts as running."""
    word = task.get("status")
    status = _STATUSES.get(word) if isinstance(word, str) else None
    if status is None:
        return TaskState("in_progress", progress=last_progress, unknown_word=str(word) or "none")
    if status == "queued":
        return TaskState(status, throttled=word == "THROTTLED")
    if status == "in_progress":
        return TaskState(status, progress=max(_percent(task.get("progress")), last_progress))
    cost = _credits(task.get("cost"))
    if status == "failed":
        return TaskState(status, last_progress, error=_error(word or "", task), credits=cost)
    found = task.get("output")
    outputs = tuple(url for url in found if isinstance(url, str)) if isinstance(found, list) else ()
    return TaskState(status, 100, outputs=outputs, credits=cost)


def _percent(progress: object) -> int:
    """0..1 as whole percent; 100 is for the end."""
    if isinstance(progress, bool) or not isinstance(progress, int | float) or progress != progress:
        return 0
    return int(max(0, min(99, progress * 100)))


def _error(word: str, task: Mapping[str, Any]) -> VideoError:
    if word == "CANCELLED":
        return VideoError("cancelled", "The video was cancelled before it was finished.")
    found = task.get("failureCode")
    code = found if isinstance(found, str) else ""
    context = next(text for prefix, text in _CONTEXTS if code.startswith(prefix))
    failure = task.get("failure")
    detail = " ".join(failure.split())[:_LONGEST_FAILURE] if isinstance(failure, str) else ""
    return VideoError(code or "generation_failed", f"{context} {detail}".rstrip())


def _credits(cost: object) -> float | None:
    found = cost.get("credits") if isinstance(cost, dict) else None
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None

"""The operator's log: one line when a video is made, one when it ends, and what was refused."""

from __future__ import annotations

import logging

from runway_videos.errors import ApiError
from runway_videos.logs import escaped, log
from runway_videos.openai.routes import Operation, Route
from runway_videos.openai.video import VideoError
from runway_videos.store.video_references import VideoReference
from runway_videos.translate import Plan
from runway_videos.translate.task_status import TaskState
from runway_videos.upstream.submit import SubmittedTask


def about(plan: Plan, caller: str) -> str:
    """A create in a few words."""
    return _video(plan.model, plan.call.model, plan.seconds, plan.size, caller, plan.call.mode)


def created(plan: Plan, submitted: SubmittedTask, caller: str, seconds: float, sandbox: bool) -> None:
    """A task was made: from here on it can be found."""
    log.info(
        "%screated: %s, key %s%s, task %s, in %.1f s",
        _mark(sandbox),
        about(plan, caller),
        submitted.key,
        "" if submitted.credits is None else f", about {submitted.credits:g} credits",
        escaped(submitted.task),
        seconds,
    )


def given_up(about: str) -> None:
    """The process ends before Runway answered a create."""
    log.error(
        "OUTCOME UNKNOWN: a paid task may exist at Runway: %s: the proxy ended before Runway answered", about
    )


def ended(
    reference: VideoReference, runway_model: str, caller: str, state: TaskState, seconds: int, sandbox: bool
) -> None:
    """A video was seen to have ended: what it cost, which key paid, how long it took."""
    log.info(
        "%s%s%s: %s, key %s, %s, took %d s, task %s",
        _mark(sandbox),
        state.status,
        _why(state.error),
        _video(reference.model, runway_model, reference.seconds, reference.size, caller),
        reference.key,
        "cost unknown" if state.credits is None else f"{state.credits:g} credits",
        max(0, seconds),
        escaped(reference.task),
    )


def deleted(reference: VideoReference, caller: str, sandbox: bool) -> None:
    """A video was cancelled or deleted."""
    video = _video(reference.model, "", reference.seconds, reference.size, caller)
    log.info("%sdeleted: %s, key %s, task %s", _mark(sandbox), video, reference.key, escaped(reference.task))


def fields_ignored(names: tuple[str, ...]) -> None:
    """Fields that clients send out of habit were left out of a create."""
    log.info("left out of a create, Runway has no such thing: %s", escaped(", ".join(names)))


def refused(error: ApiError, route: Route, sandbox: bool) -> None:
    """A call was refused: failures loudly, a client's mistakes in passing."""
    level = logging.WARNING if error.status >= 500 or error.detail else logging.INFO
    if error.status == 404 and not error.detail:
        level = logging.DEBUG
    what = route.name if route.operation is Operation.UNSUPPORTED else route.operation.value
    detail = f" ({escaped(error.detail, 500)})" if error.detail else ""
    text = escaped(error.message, 500)
    log.log(level, "%s%s refused, %d: %s%s", _mark(sandbox), what, error.status, text, detail)


def cut_off(error: ApiError, method: str, path: str, peer: str) -> None:
    """A client was turned away and its body not read: it sees a closed connection."""
    what = f"{method} {path.partition('?')[0]}"
    log.warning("cut off %s from %s, %d: %s", escaped(what), peer, error.status, escaped(error.message, 500))


def _video(model: str, runway_model: str, seconds: str, size: str, caller: str, mode: str = "") -> str:
    name = model if runway_model in ("", model) else f"{model} → {runway_model}"
    runtime = [escaped(name), mode, f"{seconds} s", size, f"caller {caller}" if caller else ""]
    return ", ".join(part for part in runtime if part)


def _why(error: VideoError | None) -> str:
    return f" ({escaped(error.code)})" if error else ""


def _mark(sandbox: bool) -> str:
    return "SANDBOX " if sandbox else ""

"""The operator's log: one line when a video is made, one when it ends, and what was refused."""

from __future__ import annotations

import logging

from runway_videos.errors import ApiError
from runway_videos.logs import log, shown
from runway_videos.openai.routes import Operation, Route
from runway_videos.openai.video import VideoError
from runway_videos.store.video_references import Ticket
from runway_videos.translate import Plan
from runway_videos.translate.task_status import TaskState
from runway_videos.upstream.submit import Made


def about(plan: Plan, caller: str) -> str:
    """A create in a few words."""
    return _video(plan.model, plan.call.model, plan.seconds, plan.size, caller, plan.call.mode)


def created(plan: Plan, made: Made, caller: str, seconds: float, sandbox: bool) -> None:
    """A task was made: from here on it can be found."""
    log.info(
        "%screated: %s, key %s%s, task %s, in %.1f s",
        _mark(sandbox),
        about(plan, caller),
        made.key,
        "" if made.credits is None else f", about {made.credits:g} credits",
        shown(made.task),
        seconds,
    )


def ended(
    ticket: Ticket, runway_model: str, caller: str, state: TaskState, seconds: int, sandbox: bool
) -> None:
    """A video was seen to have ended: what it cost, which key paid, how long it took."""
    log.info(
        "%s%s%s: %s, key %s, %s, took %d s, task %s",
        _mark(sandbox),
        state.status,
        _why(state.error),
        _video(ticket.model, runway_model, ticket.seconds, ticket.size, caller),
        ticket.key,
        "cost unknown" if state.credits is None else f"{state.credits:g} credits",
        max(0, seconds),
        shown(ticket.task),
    )


def deleted(ticket: Ticket, caller: str, sandbox: bool) -> None:
    """A video was cancelled or deleted."""
    video = _video(ticket.model, "", ticket.seconds, ticket.size, caller)
    log.info("%sdeleted: %s, key %s, task %s", _mark(sandbox), video, ticket.key, shown(ticket.task))


def left_out(names: tuple[str, ...]) -> None:
    """Fields that clients send out of habit were left out of a create."""
    log.info("left out of a create, Runway has no such thing: %s", shown(", ".join(names)))


def refused(error: ApiError, route: Route, sandbox: bool) -> None:
    """A call was refused: failures loudly, a client's mistakes in passing."""
    level = logging.WARNING if error.status >= 500 or error.detail else logging.INFO
    if error.status == 404 and not error.detail:
        level = logging.DEBUG
    what = route.name if route.operation is Operation.UNSUPPORTED else route.operation.value
    detail = f" ({shown(error.detail, 500)})" if error.detail else ""
    text = shown(error.message, 500)
    log.log(level, "%s%s refused, %d: %s%s", _mark(sandbox), what, error.status, text, detail)


def cut_off(error: ApiError, method: str, path: str, peer: str) -> None:
    """A client was turned away and its body not read: it sees a closed connection."""
    what = f"{method} {path.partition('?')[0]}"
    log.warning("cut off %s from %s, %d: %s", shown(what), peer, error.status, shown(error.message, 500))


def _video(model: str, runway_model: str, seconds: str, size: str, caller: str, mode: str = "") -> str:
    name = model if runway_model in ("", model) else f"{model} → {runway_model}"
    parts = [shown(name), mode, f"{seconds} s", size, f"caller {caller}" if caller else ""]
    return ", ".join(part for part in parts if part)


def _why(error: VideoError | None) -> str:
    return f" ({shown(error.code)})" if error else ""


def _mark(sandbox: bool) -> str:
    return "SANDBOX " if sandbox else ""

"""The log's lines of events that are for operators; most of these are counted alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from runway_videos import events
from runway_videos.events import Event
from runway_videos.logs import escaped


def _none(event: Event) -> tuple[int, str]:
    return logging.DEBUG, ""


def _audit_failed(event: events.AuditFailed) -> tuple[int, str]:
    if event.problem is None:
        return logging.WARNING, "runway_audit: lines are written again; those in between are missing"
    problem = escaped(event.problem)
    return logging.ERROR, f"runway_audit: lines cannot be written and are lost: {problem}"


# By event: the level and the text of its line ("": no line).
LINES: Mapping[type[Event], Callable[[Any], tuple[int, str]]] = {
    events.RunwayAnswered: _none,
    events.RetryJoined: _none,
    events.AuditFailed: _audit_failed,
}

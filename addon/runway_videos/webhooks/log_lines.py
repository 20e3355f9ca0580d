"""The log lines of webhooks' events."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from runway_videos import events
from runway_videos.events import Event
from runway_videos.logs import escaped, number_of


def _delivered(event: events.WebhookDelivered) -> tuple[int, str]:
    return logging.INFO, f"webhook: {event.host} was told {event.type}, {event.video_id}"


def _failed(event: events.WebhookFailed) -> tuple[int, str]:
    # One warning an event: there are a dozen tries in the hour.
    level = logging.WARNING if event.tries == 1 else logging.DEBUG
    problem = escaped(event.problem)
    return level, (
        f"webhook: {event.host} did not take the end of {event.video_id}: {problem}; "
        f"again in {event.seconds:.0f} s, for an hour at most"
    )


def _lost(event: events.WebhookLost) -> tuple[int, str]:
    to = f"{event.host} is not" if event.host else "nobody is"
    return logging.ERROR, f"webhook: {to} told of the end of {event.video_id}: {escaped(event.reason)}"


def _taken_over(event: events.WebhookTakenOver) -> tuple[int, str]:
    videos = number_of(event.videos, "video")
    return (
        logging.INFO,
        f"webhook: {event.host}: this process tells the ends of {videos} of one that has ended",
    )


def _ended(event: events.WebhooksEnded) -> tuple[int, str]:
    due, videos = number_of(event.events, "event"), number_of(event.videos, "video")
    if event.kept:
        return logging.INFO, (
            f"webhooks: the process ends; {due}, and the ends of {videos}, "
            "are left to another process or to the next start: they are in the store"
        )
    return logging.ERROR, (
        f"webhooks: the process ends; not delivered: {due}; waited for no more: the ends of {videos}"
    )


LINES: Mapping[type[Event], Callable[[Any], tuple[int, str]]] = {
    events.WebhookDelivered: _delivered,
    events.WebhookFailed: _failed,
    events.WebhookLost: _lost,
    events.WebhookTakenOver: _taken_over,
    events.WebhooksEnded: _ended,
}

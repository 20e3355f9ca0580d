"""The log's lines of events that are for operators; most of these are counted alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from runway_videos import events
from runway_videos.events import Event
from runway_videos.logs import escaped

#: Models in a line about a key.
_MODELS = 5


def _none(event: Event) -> tuple[int, str]:
    return logging.DEBUG, ""


def _audit_failed(event: events.AuditFailed) -> tuple[int, str]:
    if event.problem is None:
        return logging.WARNING, "runway_audit: lines are written again; those in between are missing"
    problem = escaped(event.problem)
    return logging.ERROR, f"runway_audit: lines cannot be written and are lost: {problem}"


def _balance(event: events.BalanceKnown) -> tuple[int, str]:
    """`key team-a: 12,400 credits, seedance2 3 of 20 today`."""
    if not event.first:
        return logging.DEBUG, ""
    used = {model: use for model, use in event.balance.daily.items() if use.made}
    busiest = sorted(used, key=lambda model: used[model].made / max(used[model].limit, 1), reverse=True)
    daily = [f"{escaped(name)} {used[name].made} of {used[name].limit} today" for name in busiest[:_MODELS]]
    return logging.INFO, ", ".join((f"key {event.key}: {event.balance.credits:,.10g} credits", *daily))


def _no_balance(event: events.BalanceUnknown) -> tuple[int, str]:
    if not event.first:
        return logging.DEBUG, ""
    return logging.INFO, f"key {event.key}: Runway does not say what credits it has: {escaped(event.problem)}"


def _budget(event: events.BudgetReached) -> tuple[int, str]:
    return logging.WARNING, f"budget: {event.text}"


def _alert_failed(event: events.AlertFailed) -> tuple[int, str]:
    problem = escaped(event.problem)
    if not event.alerts:
        return logging.WARNING, f"alerts: {event.host} did not take one: {problem}; it is tried again"
    return logging.ERROR, f"alerts: {event.host} was not told of {event.alerts}: {problem}"


def _storm(event: events.RepeatStorm) -> tuple[int, str]:
    return logging.WARNING, f"{'caller ' if event.caller else ''}{event.text}"


# By event: the level and the text of its line ("": no line).
LINES: Mapping[type[Event], Callable[[Any], tuple[int, str]]] = {
    events.RunwayAnswered: _none,
    events.RetryJoined: _none,
    events.AuditFailed: _audit_failed,
    events.BalanceKnown: _balance,
    events.BalanceUnknown: _no_balance,
    events.BudgetReached: _budget,
    events.AlertFailed: _alert_failed,
    events.RepeatStorm: _storm,
}

"""What an alert says, by event. A client's text in it is made harmless where it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from runway_videos import events
from runway_videos.events import Event, VideoFacts
from runway_videos.keys.cooldowns import KeyReport


class Alert(msgspec.Struct, frozen=True):
    """`subject` tells alerts of a kind apart: one that was told is not told again soon; "": each is told.

    `credits` that a key has left, where the alert is of that alone.
    """

    kind: str
    subject: str
    text: str
    fields: tuple[tuple[str, str], ...] = ()
    credits: float | None = None


_KEYS: Mapping[KeyReport, tuple[str, str]] = {
    KeyReport.UNAUTHORIZED: ("key_refused", "Runway refuses the key {key}"),
    KeyReport.MODEL_UNAVAILABLE: ("key_refused", "Runway refuses the model {model} to the key {key}"),
    KeyReport.NO_CREDITS: ("key_credits", "The key {key} is out of credits"),
    KeyReport.DAILY_LIMIT: ("key_daily_limit", "The key {key} has reached its daily limit of {model}"),
}


def _passed_over(event: events.KeyPassedOver) -> Alert | None:
    kind, text = _KEYS.get(event.report, ("", "")) if event.report else ("", "")
    if not kind:
        return None
    text = text.format(key=event.key, model=event.model)
    return Alert(
        kind, text, text, (("key", event.key), ("model", event.model), ("Runway says", event.reason))
    )


def _balance(event: events.BalanceKnown) -> Alert:
    left = event.balance.credits
    text = f"The key {event.key} has {left:,.10g} credits left"
    return Alert("key_credits", f"{event.key} is low", text, (("key", event.key),), left)


def _unknown(event: events.OutcomeUnknown) -> Alert:
    return _paid(event, event.video, event.reason, event.key)


def _given_up(event: events.CreateGivenUp) -> Alert:
    return _paid(event, event.video, "the proxy ended before Runway answered")


def _abandoned(event: events.CreateAbandoned) -> Alert:
    return _paid(event, event.video, "the process that sent it has died")


def _paid(event: Event, video: VideoFacts, why: str, key: str = "") -> Alert:
    """All that finds the task in Runway's own list, which has no ids of ours."""
    fields = (
        ("key", key),
        ("model", video.runway_model or video.model),
        ("mode", video.mode),
        ("made from", video.made_from),
        ("seconds", video.seconds),
        ("size", video.size),
        ("caller", video.caller or "the local user"),
        ("request", event.request_id),
        ("why", why),
    )
    text = "OUTCOME UNKNOWN: a paid task may exist at Runway, made about now; it is not sent again"
    return Alert("outcome_unknown", "", text, tuple(each for each in fields if each[1]))


def _budget(event: events.BudgetReached) -> Alert:
    fields = (("caller", event.caller), ("percent", str(event.percent)))
    return Alert("budget", f"{event.caller} {event.percent}", event.text, fields)


# By event: what is said; None: nothing.
TEXTS: Mapping[type[Event], Callable[[Any], Alert | None]] = {
    events.KeyPassedOver: _passed_over,
    events.BalanceKnown: _balance,
    events.OutcomeUnknown: _unknown,
    events.CreateGivenUp: _given_up,
    events.CreateAbandoned: _abandoned,
    events.BudgetReached: _budget,
}


def repeat_storm(caller: str, repeats: int, seconds: float) -> Alert:
    """A client that asks for the same again and again: its retries are joined, and cost nothing."""
    who = caller or "the local user"
    text = (
        f"{who} has repeated creates {repeats} times within {seconds:.0f} s: its client gives up too early, "
        "or repeats in a loop. None was sent again"
    )
    return Alert("repeat_storm", who, text, (("caller", who),))

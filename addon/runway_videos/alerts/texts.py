"""What an alert says, by event. A client's text in it is made harmless where it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from runway_videos import events
from runway_videos.alerts.sendings import Moment
from runway_videos.events import Event, VideoFacts
from runway_videos.keys.cooldowns import KeyReport

_HOUR, _DAY = 3600.0, 86_400.0


class Alert(msgspec.Struct, frozen=True):
    """`subject` tells alerts of a kind apart: one that was told is not told again for `again` seconds.
    "": each is told.

    `credits` that a key has left, where the alert is of that alone.
    """

    kind: str
    subject: str
    text: str
    fields: tuple[tuple[str, str], ...] = ()
    credits: float | None = None
    again: float = _HOUR


_KEYS: Mapping[KeyReport, tuple[str, str]] = {
    KeyReport.UNAUTHORIZED: ("key_refused", "Runway refuses the key {key}"),
    KeyReport.MODEL_UNAVAILABLE: ("key_refused", "Runway refuses the model {model} to the key {key}"),
    KeyReport.NO_CREDITS: ("key_credits", "The key {key} is out of credits"),
    KeyReport.DAILY_LIMIT: ("key_daily_limit", "The key {key} has reached its daily limit of {model}"),
}


def _passed_over(event: events.KeyPassedOver, moment: Moment) -> Alert | None:
    kind, text = _KEYS.get(event.report, ("", "")) if event.report else ("", "")
    if not kind:
        return None
    text = text.format(key=event.key, model=event.model)
    return Alert(
        kind, text, text, (("key", event.key), ("model", event.model), ("Runway says", event.reason))
    )


def _balance(event: events.BalanceKnown, moment: Moment) -> Alert:
    left = event.balance.credits
    text = f"The key {event.key} has {left:,.10g} credits left"
    return Alert("key_credits", f"{event.key} is low", text, (("key", event.key),), left, _DAY)


def _no_balance(event: events.BalanceUnknown, moment: Moment) -> Alert | None:
    """Before a create finds out. The subject is that of the create that does."""
    if not event.refused:
        return None
    kind, text = _KEYS[KeyReport.UNAUTHORIZED]
    text = text.format(key=event.key)
    return Alert(kind, text, text, (("key", event.key), ("Runway says", event.problem)))


def _unknown(event: events.OutcomeUnknown, moment: Moment) -> Alert:
    return _paid(event, moment, event.video, event.reason, event.key)


def _given_up(event: events.CreateGivenUp, moment: Moment) -> Alert:
    return _paid(event, moment, event.video, "the proxy ended before Runway answered")


def _abandoned(event: events.CreateAbandoned, moment: Moment) -> Alert:
    return _paid(event, moment, event.video, "the process that sent it has died")


def _paid(event: Event, moment: Moment, video: VideoFacts, why: str, key: str = "") -> Alert:
    """All that finds the task in Runway's own list, which has no ids of ours."""
    sending = moment.sending
    cost = f"about {sending.credits:g}" if sending and sending.credits is not None else ""
    fields = (
        ("key", key or (sending.key if sending else "")),
        ("created", moment.when),
        ("model", video.runway_model or video.model),
        ("asked for", video.model if video.runway_model not in ("", video.model) else ""),
        ("mode", video.mode),
        ("made from", video.made_from),
        ("seconds", video.seconds),
        ("size", video.size),
        ("credits", cost),
        ("caller", video.caller or "the local user"),
        ("request", event.request_id),
        ("why", why),
    )
    text = (
        "OUTCOME UNKNOWN: a paid task may exist at Runway; look for it in the dashboard of the key's "
        "organisation before the video is made anew"
    )
    return Alert("outcome_unknown", "", text, tuple(each for each in fields if each[1]))


def _budget(event: events.BudgetReached, moment: Moment) -> Alert:
    fields = (("caller", event.caller), ("percent", str(event.percent)))
    return Alert("budget", "", event.text, fields)  # the event itself comes once a day


def _storm(event: events.RepeatStorm, moment: Moment) -> Alert:
    return Alert("repeat_storm", event.who, event.text, (("caller", event.who),))


# By event: what is said; None: nothing.
TEXTS: Mapping[type[Event], Callable[[Any, Moment], Alert | None]] = {
    events.KeyPassedOver: _passed_over,
    events.BalanceKnown: _balance,
    events.BalanceUnknown: _no_balance,
    events.OutcomeUnknown: _unknown,
    events.CreateGivenUp: _given_up,
    events.CreateAbandoned: _abandoned,
    events.BudgetReached: _budget,
    events.RepeatStorm: _storm,
}

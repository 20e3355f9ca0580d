"""Which Runway keys take no new videos for a while, from what Runway said about them.

====================  ==================  ====================================================
reported              cooldown of         until
====================  ==================  ====================================================
NO_CREDITS            the key             5 minutes
UNAUTHORIZED          the key             10 minutes, then one create tries it, none beside it
DAILY_LIMIT           the key, one model  1 hour (Runway counts a rolling day, does not tell)
MODEL_UNAVAILABLE     the key, one model  10 minutes
QUEUE_FULL            nothing             for 1 minute the model goes to keys with room
====================  ==================  ====================================================

One failure alone begins no cooldown: it may be the request's own. A cooldown begins when a second,
different request fails the same way within the same time, or when a check of the key says so.

Runway's limits are per organisation and model: a key with a full queue still takes other models.
All of it is in this process's memory; `shared_cooldowns.py` tells other processes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import msgspec

#: Entries kept for (key, model) pairs, per kind; beyond it the one that ends first goes.
MAX_COOLDOWNS = 4096


class KeyReport(Enum):
    """What a call told about its key."""

    TASK_MADE = "task made"
    #: Runway judged the request's content (a 400): the key itself was taken as good.
    KEY_ACCEPTED = "key accepted"
    NO_CREDITS = "no credits"
    DAILY_LIMIT = "daily limit"
    #: 401: unknown, disabled or suspended.
    UNAUTHORIZED = "unauthorized"
    #: 403: the organisation may not use this model.
    MODEL_UNAVAILABLE = "model unavailable"
    #: A 429 that is no daily limit, or a task seen in the state THROTTLED.
    QUEUE_FULL = "queue full"
    #: A task that had been seen THROTTLED now runs. Not just any running task: a full queue
    #: stands behind running ones.
    QUEUE_MOVING = "queue moving"


SECONDS = {
    KeyReport.NO_CREDITS: 300.0,
    KeyReport.UNAUTHORIZED: 600.0,
    KeyReport.DAILY_LIMIT: 3600.0,
    KeyReport.MODEL_UNAVAILABLE: 600.0,
    KeyReport.QUEUE_FULL: 60.0,
}
_WHOLE_KEY = (KeyReport.NO_CREDITS, KeyReport.UNAUTHORIZED)


class Cooldown(msgspec.Struct):
    """Why a key takes no create, until when (by the clock), and Runway's own text, for the log."""

    cause: KeyReport
    until: float
    reason: str
    trial: bool = False  # an unauthorized key that a create is trying now


class CooldownChange(msgspec.Struct, frozen=True):
    """A cooldown began, or (`until` 0) is over. `model` is "" where it is the whole key's."""

    name: str
    model: str
    cause: KeyReport
    until: float = 0.0
    reason: str = ""


class _FirstFailure(msgspec.Struct, frozen=True):
    """A request that failed, alone so far."""

    request: bytes
    until: float


type _Entry = Cooldown | _FirstFailure


class Cooldowns:
    """Cooldowns of keys, by name. `clock` gives seconds that never go back; for one thread."""

    def __init__(
        self,
        clock: Callable[[], float],
        max_entries: int = MAX_COOLDOWNS,
        changed: Callable[[CooldownChange], None] = lambda change: None,
    ) -> None:
        """`changed` is told of what begins and ends here, not of what `learn` brings or time ends."""
        self._clock = clock
        self._changed = changed
        self._max_entries = max_entries
        self._keys: dict[tuple[str, str], Cooldown] = {}
        self._models: dict[tuple[str, str], Cooldown] = {}
        self._full: dict[tuple[str, str], Cooldown] = {}
        self._first: dict[tuple[str, str, KeyReport], _FirstFailure] = {}

    def cooldown_of(self, name: str, model: str) -> Cooldown | None:
        """Why the key takes no create of this model now; None: it does."""
        now = self._clock()
        for cooldown in (self._keys.get((name, "")), self._models.get((name, model))):
            if cooldown is not None and cooldown.until > now:
                return cooldown
        return None

    def active(self, name: str) -> tuple[tuple[str, KeyReport, float], ...]:
        """The key's cooldowns now: model ("": all), cause, seconds more. A full queue is among them."""
        now = self._clock()
        return tuple(
            (model, each.cause, each.until - now)
            for entries in (self._keys, self._models, self._full)
            for (of, model), each in entries.items()
            if of == name and each.until > now
        )

    def is_full(self, name: str, model: str) -> bool:
        """Whether the key's queue for this model was full within the last minute."""
        cooldown = self._full.get((name, model))
        return cooldown is not None and cooldown.until > self._clock()

    def forget(self, name: str) -> None:
        """All that is known of a key: it has another value now."""
        self._keys.pop((name, ""), None)
        self._models = {at: each for at, each in self._models.items() if at[0] != name}
        self._full = {at: each for at, each in self._full.items() if at[0] != name}
        self._first = {at: each for at, each in self._first.items() if at[0] != name}

    def begin_create(self, name: str) -> None:
        """A create goes out with this key. If it was unauthorized, this is its one trial."""
        cooldown = self._keys.get((name, ""))
        if cooldown is not None and cooldown.cause is KeyReport.UNAUTHORIZED:
            # The cooldown goes on beside the trial; if nothing is ever reported, for as long again.
            cooldown.until = self._clock() + SECONDS[KeyReport.UNAUTHORIZED]
            cooldown.trial = True

    def end_create(self, name: str) -> None:
        """A trial that nothing was reported of: the next create may try."""
        cooldown = self._keys.get((name, ""))
        if cooldown is not None and cooldown.trial:
            cooldown.until = self._clock()
            cooldown.trial = False

    def report(self, name: str, model: str, report: KeyReport, reason: str, request: bytes) -> bool:
        """Takes what a call told. True: `request` failed alone so far, only a check can say more.

        `request` stands for the request's content: the same one again is no second failure.
        """
        active = self.cooldown_of(name, model)
        self._clear(name, model, report)
        if report is KeyReport.QUEUE_FULL:
            self._begin(name, model, report, reason)
        if report is KeyReport.QUEUE_FULL or report not in SECONDS:
            return False
        at = (name, "" if report in _WHOLE_KEY else model, report)
        first, now = self._first.get(at), self._clock()
        again = first is not None and first.until > now and first.request != request
        if again or (active is not None and active.cause is report):
            self.confirm(name, model, report, reason)
            return False
        self._put(self._first, at, _FirstFailure(request, now + SECONDS[report]))
        return True

    def confirm(self, name: str, model: str, report: KeyReport, reason: str) -> None:
        """Begins the cooldown: a check said so, or a second request."""
        self._first.pop((name, "" if report in _WHOLE_KEY else model, report), None)
        self._begin(name, model, report, reason)

    def _clear(self, name: str, model: str, report: KeyReport) -> None:
        """Success clears; whatever is not a 401 shows that the key itself is good."""
        gone: list[tuple[str, KeyReport]] = []
        if report is not KeyReport.UNAUTHORIZED:
            gone.append(("", KeyReport.UNAUTHORIZED))
        if report is KeyReport.TASK_MADE:
            gone += [("", KeyReport.NO_CREDITS), (model, KeyReport.DAILY_LIMIT)]
            gone.append((model, KeyReport.MODEL_UNAVAILABLE))
        for where, cause in gone:
            self._first.pop((name, where, cause), None)
            self._end(name, model, cause)
        if report is KeyReport.QUEUE_MOVING:
            self._end(name, model, KeyReport.QUEUE_FULL)

    def _end(self, name: str, model: str, cause: KeyReport) -> None:
        if self._drop(name, model, cause):
            model = "" if cause in _WHOLE_KEY else model
            self._changed(CooldownChange(name, model, cause))

    def _drop(self, name: str, model: str, cause: KeyReport) -> bool:
        entries, at = self._place(name, model, cause)
        if at not in entries or entries[at].cause is not cause:
            return False
        del entries[at]
        return True

    def learn(self, change: CooldownChange) -> None:
        """Another process's change."""
        if change.until > self._clock():
            cooldown = Cooldown(change.cause, change.until, change.reason)
            self._put(*self._place(change.name, change.model, change.cause), cooldown)
        else:
            self._drop(change.name, change.model, change.cause)

    def _place(
        self, name: str, model: str, cause: KeyReport
    ) -> tuple[dict[tuple[str, str], Cooldown], tuple[str, str]]:
        """Among which a cooldown is kept, and under what."""
        if cause in _WHOLE_KEY:
            return self._keys, (name, "")
        return (self._full if cause is KeyReport.QUEUE_FULL else self._models), (name, model)

    def _begin(self, name: str, model: str, cause: KeyReport, reason: str) -> None:
        until = self._clock() + SECONDS[cause]
        entries, at = self._place(name, model, cause)
        self._put(entries, at, Cooldown(cause, until, reason))
        self._changed(CooldownChange(name, at[1], cause, until, reason))

    def _put[At, Entry: _Entry](self, entries: dict[At, Entry], at: At, entry: Entry) -> None:
        entries[at] = entry
        if len(entries) <= self._max_entries:
            return
        now = self._clock()
        for old in [old for old, its in entries.items() if its.until <= now]:
            del entries[old]
        if len(entries) > self._max_entries:
            del entries[min(entries, key=lambda each: entries[each].until)]

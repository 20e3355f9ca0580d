"""How each Runway key is doing, from what its calls told; a key that rests gets no new videos.

==============  ==================  ========================================================
reported        rests               until
==============  ==================  ========================================================
NO_CREDITS      the key             5 minutes
REFUSED         the key             10 minutes, then one create tries it, and none beside it
DAILY_LIMIT     the key, one model  1 hour (Runway counts a rolling day and does not tell)
MODEL_CLOSED    the key, one model  10 minutes
THROTTLED       nothing             for 1 minute the model goes to other keys, if one has room
==============  ==================  ========================================================

Runway's limits are per organisation and model: a key with a full queue still takes other models.
All of it is in this process's memory.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import msgspec

#: Marks kept for (key, model) pairs, per kind; beyond it the one that ends first goes.
MAX_COOLDOWNS = 4096


class Outcome(Enum):
    """What a call told about its key."""

    #: A task was made.
    MADE = "made"
    #: Runway judged the request's content (a 400): the key itself was taken as good.
    ANSWERED = "answered"
    NO_CREDITS = "no credits"
    DAILY_LIMIT = "daily limit"
    #: 401: unknown, disabled or suspended.
    REFUSED = "refused"
    #: 403: the organisation may not use this model.
    MODEL_CLOSED = "model closed"
    #: A 429 that is no daily limit, or a task seen in the state THROTTLED.
    THROTTLED = "throttled"
    #: A task that had been seen THROTTLED now runs. Not just any running task: a full queue
    #: stands behind running ones.
    MOVING = "moving"


_SECONDS = {
    Outcome.NO_CREDITS: 300.0,
    Outcome.REFUSED: 600.0,
    Outcome.DAILY_LIMIT: 3600.0,
    Outcome.MODEL_CLOSED: 600.0,
    Outcome.THROTTLED: 60.0,
}
_WHOLE_KEY = (Outcome.NO_CREDITS, Outcome.REFUSED)


class Cooldown(msgspec.Struct):
    """Why a key rests, until when (by the clock), and Runway's own text."""

    cause: Outcome
    until: float
    reason: str
    trial: bool = False  # a refused key that a create is trying now


class Cooldowns:
    """Marks on keys, by name. `clock` gives seconds that never go back; for one thread."""

    def __init__(self, clock: Callable[[], float], max_marks: int = MAX_COOLDOWNS) -> None:
        self._clock = clock
        self._max_marks = max_marks
        self._keys: dict[str, Cooldown] = {}
        self._models: dict[tuple[str, str], Cooldown] = {}
        self._full: dict[tuple[str, str], Cooldown] = {}

    def cooldown_of(self, name: str, model: str) -> Cooldown | None:
        """Why the key takes no create of this model now; None: it does."""
        now = self._clock()
        for cooldown in (self._keys.get(name), self._models.get((name, model))):
            if cooldown is not None and cooldown.until > now:
                return cooldown
        return None

    def full(self, name: str, model: str) -> Cooldown | None:
        """The mark of a key whose queue for this model was full within the last minute."""
        cooldown = self._full.get((name, model))
        return cooldown if cooldown is not None and cooldown.until > self._clock() else None

    def begin(self, name: str) -> None:
        """A create goes out with this key. If it was refused, this is its one trial."""
        cooldown = self._keys.get(name)
        if cooldown is None:
            return
        if cooldown.cause is Outcome.REFUSED:
            # It rests on beside the trial; should nothing ever be told, for as long again.
            cooldown.until = self._clock() + _SECONDS[Outcome.REFUSED]
            cooldown.trial = True
        else:
            del self._keys[name]  # its rest is over

    def report(self, name: str, model: str, outcome: Outcome, reason: str) -> None:
        """What a call told. Success clears; whatever is not a 401 shows that the key is good."""
        at = (name, model)
        whole = self._keys.get(name)
        if outcome is Outcome.MADE:
            self._keys.pop(name, None)
            self._models.pop(at, None)
        elif outcome is Outcome.MOVING:
            self._full.pop(at, None)
        if whole is not None and whole.cause is Outcome.REFUSED:
            self._keys.pop(name, None)
        seconds = _SECONDS.get(outcome)
        if seconds is None:
            return
        cooldown = Cooldown(outcome, self._clock() + seconds, reason)
        if outcome in _WHOLE_KEY:
            self._keys[name] = cooldown
        else:
            self._put(self._full if outcome is Outcome.THROTTLED else self._models, at, cooldown)

    def release(self, name: str) -> None:
        """The trial was not made, or what came of it is unknown: the next create may try."""
        cooldown = self._keys.get(name)
        if cooldown is not None and cooldown.trial:
            cooldown.until = self._clock()
            cooldown.trial = False

    def _put(
        self, cooldowns: dict[tuple[str, str], Cooldown], at: tuple[str, str], cooldown: Cooldown
    ) -> None:
        cooldowns[at] = cooldown
        if len(cooldowns) <= self._max_marks:
            return
        now = self._clock()
        for old in [old for old, its in cooldowns.items() if its.until <= now]:
            del cooldowns[old]
        if len(cooldowns) > self._max_marks:
            del cooldowns[min(cooldowns, key=lambda each: cooldowns[each].until)]

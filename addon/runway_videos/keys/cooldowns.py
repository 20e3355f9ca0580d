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
MAX_MARKS = 4096


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


class Mark(msgspec.Struct):
    """Why a key rests, until when (by the clock), and Runway's own text."""

    cause: Outcome
    until: float
    reason: str
    trial: bool = False  # a refused key that a create is trying now


class Health:
    """Marks on keys, by name. `clock` gives seconds that never go back; for one thread."""

    def __init__(self, clock: Callable[[], float], max_marks: int = MAX_MARKS) -> None:
        self._clock = clock
        self._max_marks = max_marks
        self._keys: dict[str, Mark] = {}
        self._models: dict[tuple[str, str], Mark] = {}
        self._full: dict[tuple[str, str], Mark] = {}

    def rests(self, name: str, model: str) -> Mark | None:
        """Why the key takes no create of this model now; None: it does."""
        now = self._clock()
        for mark in (self._keys.get(name), self._models.get((name, model))):
            if mark is not None and mark.until > now:
                return mark
        return None

    def full(self, name: str, model: str) -> Mark | None:
        """The mark of a key whose queue for this model was full within the last minute."""
        mark = self._full.get((name, model))
        return mark if mark is not None and mark.until > self._clock() else None

    def begin(self, name: str) -> None:
        """A create goes out with this key. If it was refused, this is its one trial."""
        mark = self._keys.get(name)
        if mark is None:
            return
        if mark.cause is Outcome.REFUSED:
            # It rests on beside the trial; should nothing ever be told, for as long again.
            mark.until = self._clock() + _SECONDS[Outcome.REFUSED]
            mark.trial = True
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
        mark = Mark(outcome, self._clock() + seconds, reason)
        if outcome in _WHOLE_KEY:
            self._keys[name] = mark
        else:
            self._put(self._full if outcome is Outcome.THROTTLED else self._models, at, mark)

    def release(self, name: str) -> None:
        """The trial was not made, or what came of it is unknown: the next create may try."""
        mark = self._keys.get(name)
        if mark is not None and mark.trial:
            mark.until = self._clock()
            mark.trial = False

    def _put(self, marks: dict[tuple[str, str], Mark], at: tuple[str, str], mark: Mark) -> None:
        marks[at] = mark
        if len(marks) <= self._max_marks:
            return
        now = self._clock()
        for old in [old for old, its in marks.items() if its.until <= now]:
            del marks[old]
        if len(marks) > self._max_marks:
            del marks[min(marks, key=lambda each: marks[each].until)]

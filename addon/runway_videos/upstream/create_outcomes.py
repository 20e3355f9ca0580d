"""What became of one try of a create: one struct for each outcome."""

from __future__ import annotations

import msgspec

from runway_videos.errors import ApiError
from runway_videos.keys.cooldowns import KeyReport


class TaskMade(msgspec.Struct, frozen=True):
    """A task was made. `credits` is what Runway thinks that it will cost."""

    task: str
    credits: float | None


class TryNextKey(msgspec.Struct, frozen=True):
    """Nothing was made; another organisation's key may serve. `report` None: Runway was not reached.

    `retry_after`: how many seconds Runway says to wait with this key.
    """

    report: KeyReport | None
    reason: str
    retry_after: int | None = None


class TryAgainLater(msgspec.Struct, frozen=True):
    """Nothing was made; the same may work later, by Runway after so many seconds."""

    reason: str
    retry_after: int | None = None


class RequestRefused(msgspec.Struct, frozen=True):
    """No key can serve this request; `error` is for the client. `report` None: nothing of the key is told."""

    error: ApiError
    report: KeyReport | None = None


class OutcomeUnknown(msgspec.Struct, frozen=True):
    """A paid task may exist. `timed_out`: no answer came in time."""

    reason: str
    timed_out: bool = False


type CreateOutcome = TaskMade | TryNextKey | TryAgainLater | RequestRefused | OutcomeUnknown

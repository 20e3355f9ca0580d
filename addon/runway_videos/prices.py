"""What creates cost: the price list, corrected in memory by what Runway answers to creates.

A price belongs to all that it may depend on: mode, model, resolution, and fields such as `audio`.
What Runway said last of a kind of create holds for the next ones of that kind.
"""

from __future__ import annotations

import msgspec

from runway_videos.catalog.price_list import PriceList, resolution_in, seconds_in
from runway_videos.events import PriceDiffers, Sink
from runway_videos.translate.task_call import TaskCall

#: A price that differs by more than this share from the one that was known is told.
TOLERANCE = 0.2
#: Kinds of creates that are remembered; the ones learned longest ago are forgotten first.
MAX_KINDS = 1000
_MAX_CREDITS = 1e6

# Fields beside resolution and seconds that a price may depend on: their value, or that they are there.
_FIELDS = ("audio", "outputFormat", "draft", "mode", "references", "referenceVideos", "referenceAudio")
_LONGEST_VALUE = 20


class _Kind(msgspec.Struct, frozen=True):
    """Creates that cost the same a second."""

    mode: str
    model: str
    resolution: str
    fields: tuple[tuple[str, str | bool], ...]


class _Learned(msgspec.Struct, frozen=True):
    """Credits a second: as Runway said last, and what the next ones are compared with."""

    rate: float
    compared: float


class Prices:
    """What creates are expected to cost. `emit` gets the event when Runway's price is another one."""

    def __init__(self, listed: PriceList, emit: Sink) -> None:
        self._listed = listed
        self._emit = emit
        self._learned: dict[_Kind, _Learned] = {}
        # Model and resolution → the rate that was told last.
        self._told: dict[tuple[str, str], float] = {}

    def expected(self, create: TaskCall) -> float | None:
        """Credits for a create; None where its price or its seconds are not known.

        A model that is told no seconds makes a video as long as the one it is made from.
        """
        told = "duration" in create.body
        seconds = seconds_in(create.body) if told else create.source_seconds
        if seconds is None:
            return None
        learned = self._learned.get(_kind_of(create))
        return seconds * learned.rate if learned else self._listed_credits(create, seconds)

    def learn(self, create: TaskCall, credits: float) -> None:
        """Runway estimates that a create costs so many credits. One that tells no seconds changes nothing."""
        seconds = seconds_in(create.body)
        if seconds is None or not 0 < credits < _MAX_CREDITS:
            return
        kind, rate = _kind_of(create), credits / seconds
        before = self._learned.pop(kind, None)
        compared = before.compared if before else self._listed_credits(create, 1)
        if compared is None:
            compared = rate
        elif _differ(rate, compared):
            self._tell(kind, compared, rate)
            compared = rate
        self._learned[kind] = _Learned(rate, compared)
        if len(self._learned) > MAX_KINDS:
            del self._learned[next(iter(self._learned))]

    def _tell(self, kind: _Kind, before: float, rate: float) -> None:
        """Once for a model and resolution, though it has several kinds of creates."""
        place = (kind.model, kind.resolution)
        told = self._told.pop(place, None)
        if told is None or _differ(rate, told):
            self._emit(PriceDiffers(kind.model, kind.resolution, before, rate))
            told = rate
        self._told[place] = told
        if len(self._told) > MAX_KINDS:
            del self._told[next(iter(self._told))]

    def _listed_credits(self, create: TaskCall, seconds: float) -> float | None:
        output_format = str(create.body.get("outputFormat", "mp4"))
        return self._listed.estimate(create.model, resolution_in(create.body), seconds, output_format)


def credits_text(credits: float) -> str:
    """Credits as a header has them: `144`, `12.5`."""
    return f"{credits:.2f}".rstrip("0").rstrip(".") if abs(credits) < _MAX_CREDITS * 1000 else f"{credits:g}"


def _differ(rate: float, other: float) -> bool:
    return abs(rate - other) > TOLERANCE * other


def _kind_of(create: TaskCall) -> _Kind:
    body = create.body
    fields = tuple((name, _value(body[name])) for name in _FIELDS if name in body)
    return _Kind(create.mode, create.model, resolution_in(body), fields)


def _value(value: object) -> str | bool:
    return value if isinstance(value, bool) else isinstance(value, str) and value[:_LONGEST_VALUE]

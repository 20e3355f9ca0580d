"""What models cost, in credits (1 credit = $0.01): the reader of `prices.json`.

A price that is not known is None, never a guess. What Runway answers corrects these figures in
memory: `runway_videos/prices.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property, lru_cache
from math import log

import msgspec

from runway_videos.catalog import HERE

# Resolutions by the lines of their short side and by the pixels of their 16:9 frame.
_LINES = {360: "360p", 480: "480p", 720: "720p", 1080: "1080p", 2160: "4k"}
_PIXELS = {name: lines * lines * 16 / 9 for lines, name in _LINES.items()}
_FRAME = re.compile(r"([1-9]\d{2,4}):([1-9]\d{2,4})", re.ASCII)
_TIER = re.compile(r"(?:auto_)?(\d{1,4}[pk])", re.ASCII)


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One price: `credits` a second of `model`, at these `resolutions` or, without them, at all."""

    model: str
    credits: float
    source: str
    date: str
    resolutions: tuple[str, ...] = ()


class Surcharge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Credits a second on top of a figure."""

    credits: float
    source: str
    date: str


class PriceList(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """All figures. `other_formats`: for an `outputFormat` that is not mp4."""

    about: str
    figures: tuple[Figure, ...]
    other_formats: Surcharge

    @cached_property
    def _by_resolution(self) -> Mapping[tuple[str, str], float]:
        """Model and resolution → credits a second; "" stands for all resolutions of a model."""
        return {
            (figure.model, resolution): figure.credits
            for figure in self.figures
            for resolution in figure.resolutions or ("",)
        }

    def credits_per_second(self, model: str, resolution: str) -> float | None:
        """`resolution` as a name (`1080p`, `auto_720p`) or a ratio (`1920:1080`)."""
        known = self._by_resolution
        return known.get((model, resolution_of(resolution)), known.get((model, "")))

    def estimate(
        self, model: str, resolution: str, seconds: float, output_format: str = "mp4"
    ) -> float | None:
        """Credits for a whole video; arguments as for `credits_per_second`."""
        rate = self.credits_per_second(model, resolution)
        if rate is None:
            return None
        return seconds * (rate if output_format == "mp4" else rate + self.other_formats.credits)


def resolution_of(size: str) -> str:
    """The name of a resolution: `1920:1080`, `1080P` and `auto_1080p` → `1080p`; else "".

    A frame has the name that its short side has, or that of the 16:9 frame with most nearly as
    many pixels: 1470:630 is a 720p frame.
    """
    if tier := _TIER.fullmatch(size.lower()):
        return tier[1]
    frame = _FRAME.fullmatch(size)
    if frame is None:
        return ""
    return _of_frame(int(frame[1]), int(frame[2]))


@lru_cache(maxsize=256)
def _of_frame(width: int, height: int) -> str:
    nearest = min(_PIXELS, key=lambda name: abs(log(_PIXELS[name] / (width * height))))
    return _LINES.get(min(width, height), nearest)


def resolution_in(body: Mapping[str, object]) -> str:
    """The name of the resolution that a Runway body asks for; "" where it does not tell."""
    for value in (body.get("resolution"), body.get("ratio")):
        if isinstance(value, str) and (name := resolution_of(value)):
            return name
    return ""


def seconds_in(body: Mapping[str, object]) -> float | None:
    """The seconds that a Runway body asks for; None where it does not tell."""
    seconds = body.get("duration")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return None
    return seconds if seconds > 0 else None


@cache
def load() -> PriceList:
    """The price list beside this file."""
    return msgspec.json.decode((HERE / "prices.json").read_bytes(), type=PriceList)

"""A key as it is at one moment, for those who watch."""

from __future__ import annotations

import msgspec

from runway_videos.keys.cooldowns import KeyReport


class KeyNow(msgspec.Struct, frozen=True):
    """A key's state: creates that are out with it, and its cooldowns as (model, cause, seconds more).

    The model is "" where the cooldown is the whole key's.
    """

    name: str
    weight: float
    in_flight: int
    cooldowns: tuple[tuple[str, KeyReport, float], ...]

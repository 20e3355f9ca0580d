"""Which part of its day's limits a caller has reached: each level is told once, by whoever gets there."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from runway_videos.budgets.usage import CallerUsage
from runway_videos.config.caller_options import Limits
from runway_videos.prices import credits_text

#: In percent of a limit.
LEVELS = (100, 80)
#: A refused create is the end of a day where so much is used, in percent; else it asked for too much.
_REFUSED_FROM = 50


class Reached(msgspec.Struct, frozen=True):
    """A level that was not told before, or what was used where a create was refused; its numbers in words."""

    percent: int
    text: str


def told(caller: str, limits: Limits, usage: CallerUsage) -> tuple[CallerUsage, tuple[Reached, ...]]:
    """The usage with all that it has reached noted as told, and what of that is new.

    Kept with the sums, so that processes that share them tell it once together. A limit that the operator
    changes begins anew.
    """
    found, before = [], usage.told
    for what, name, used, most in _limits(limits, usage):
        level = next((each for each in LEVELS if used * 100 >= each * most), 0)
        if most and level > before.get(name, 0):
            usage = _note(usage, name, level)
            numbers = f"{credits_text(used)} of {credits_text(most)} {what}"
            text = f"{caller} has used {level} % of its day: {numbers}; the day ends at 00:00 UTC"
            found.append(Reached(level, text))
    return usage, tuple(found)


def told_refused(
    limits: Limits, usage: CallerUsage, what: str, text: str
) -> tuple[CallerUsage, tuple[Reached, ...]]:
    """The same where a create was refused, in these words: what is left is of no use to the caller."""
    for each, name, used, most in _limits(limits, usage):
        if each == what and used * 100 >= _REFUSED_FROM * most and usage.told.get(name, 0) < LEVELS[0]:
            return _note(usage, name, LEVELS[0]), (Reached(int(used * 100 / most), text),)
    return usage, ()


def _note(usage: CallerUsage, name: str, level: int) -> CallerUsage:
    return msgspec.structs.replace(usage, told={**usage.told, name: level})


def _limits(limits: Limits, usage: CallerUsage) -> Iterator[tuple[str, str, float, float]]:
    for what, used, most in (
        ("videos", usage.videos, limits.videos_per_day),
        ("credits", usage.credits, limits.credits_per_day),
    ):
        if most is not None:
            yield what, f"{what} {most}", used, most

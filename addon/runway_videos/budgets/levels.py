"""Which part of its day's limits a caller has reached."""

from __future__ import annotations

from collections.abc import Iterator

from runway_videos.budgets.usage import CallerUsage
from runway_videos.config.caller_options import Limits
from runway_videos.prices import credits_text

#: In percent of a limit.
LEVELS = (100, 80)


def passed(caller: str, limits: Limits, before: CallerUsage, after: CallerUsage) -> Iterator[tuple[int, str]]:
    """The highest level of each limit that a step has passed, with its numbers."""
    for most, was, now, what in (
        (limits.videos_per_day, before.videos, after.videos, "videos"),
        (limits.credits_per_day, before.credits, after.credits, "credits"),
    ):
        if most is None:
            continue
        level = next((each for each in LEVELS if was * 100 < each * most <= now * 100), None)
        if level is not None:
            numbers = f"{credits_text(now)} of {credits_text(most)} {what}"
            yield level, f"{caller} has used {level} % of its day: {numbers}; the day ends at 00:00 UTC"

"""The sink that sees a storm of repeated creates: retries that are joined, and repeats that are refused.

A storm is `STORM_REPEATS` within a minute of one caller. A stock client repeats a create twice, so that
is ten creates in a minute, at least, whose answers did not get to their client: something cuts
connections too early, or a program repeats in a loop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from runway_videos import events
from runway_videos.events import Event, Sink

STORM_REPEATS, STORM_SECONDS = 20, 60.0


class Repeats:
    """Repeats of each caller; callers are those that are configured, so they are few.

    `tell` gets the storms; `clock` gives seconds that never go back.
    """

    def __init__(self, tell: Sink, clock: Callable[[], float]) -> None:
        self._tell = tell
        self._clock = clock
        self._times: dict[str, deque[float]] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, events.RetryJoined):
            self._add(event.caller)
        elif isinstance(event, events.CallRefused):
            error = event.error
            if error.code == "outcome_unknown" and not error.may_have_made:
                self._add(event.caller)

    def _add(self, caller: str) -> None:
        """One more. A storm that goes on is told anew after as many."""
        times, now = self._times.setdefault(caller, deque(maxlen=STORM_REPEATS)), self._clock()
        times.append(now)
        if len(times) == STORM_REPEATS and now - times[0] <= STORM_SECONDS:
            times.clear()
            self._tell(events.RepeatStorm(caller, STORM_REPEATS, STORM_SECONDS))

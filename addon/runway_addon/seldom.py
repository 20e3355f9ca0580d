"""Says the same thing about the same client once a minute: a log that a stranger can fill is of no use."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

#: How long the same is not said again, in seconds.
SILENCE_SECONDS = 60.0
# Of how many it is remembered that something was said. The oldest are forgotten first.
_REMEMBERED = 1024


class Seldom:
    """Remembers what was said of whom, in bounded memory."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, remembered: int = _REMEMBERED) -> None:
        self._clock = clock
        self._remembered = remembered
        self._said: OrderedDict[tuple[str, str], float] = OrderedDict()

    def may_say(self, what: str, peer: str) -> bool:
        """Whether it is time to say this of the client; then it counts as said."""
        now, key = self._clock(), (what, peer)
        if now - self._said.get(key, -SILENCE_SECONDS) < SILENCE_SECONDS:
            return False
        self._said[key] = now
        self._said.move_to_end(key)
        if len(self._said) > self._remembered:
            self._said.popitem(last=False)
        return True

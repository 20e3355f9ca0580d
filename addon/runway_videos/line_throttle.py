"""Lines about refused calls, one a second at most for each client and reason: anyone can cause them.

The first is written at once. How many more came within the second is written at its end, in one
line like the last of them. Only so many clients and reasons are told apart in a second: of the
others, which may come from as many addresses as a stranger has, the number alone is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

#: How many clients and reasons have lines of their own within one second.
MAX_LINES = 64
_SECOND = 1.0

#: Calls the function after so many seconds.
type Later = Callable[[float, Callable[[], None]], object]
#: Writes a line at a level of `logging`.
type Write = Callable[[int, str], None]


class _Written(msgspec.Struct):
    """A line of this second, and how many more like it there were."""

    level: int
    line: str
    more: int = 0


class LineThrottle:
    """Passes lines on to `write`. Its memory is bounded by `max_lines`."""

    def __init__(self, write: Write, later: Later | None = None, max_lines: int = MAX_LINES) -> None:
        self._write = write
        self._later = later or _in_this_loop
        self._max_lines = max_lines
        self._written: dict[tuple[str, str], _Written] = {}
        self._others, self._others_level = 0, 0
        self._waits = False

    def add(self, peer: str, reason: str, level: int, line: str) -> None:
        """Writes the line now, or counts it."""
        written = self._written.get((peer, reason))
        if written is not None:
            written.level, written.line, written.more = level, line, written.more + 1
        elif len(self._written) < self._max_lines:
            self._written[peer, reason] = _Written(level, line)
            self._write(level, line)
        else:
            self._others += 1
            self._others_level = max(self._others_level, level)
        if not self._waits:
            self._waits = True
            self._later(_SECOND, self._second_is_over)

    def _second_is_over(self) -> None:
        # What is counted now has its line now, and no other one within the next second.
        self._written = {key: each for key, each in self._written.items() if each.more}
        for each in self._written.values():
            self._write(each.level, f"{each.line} ({each.more} more like this within a second)")
            each.more = 0
        if self._others:
            self._write(
                self._others_level,
                f"{self._others} more calls were refused within a second, of more clients than have lines",
            )
            self._others = self._others_level = 0
        self._waits = bool(self._written)
        if self._waits:
            self._later(_SECOND, self._second_is_over)


def _in_this_loop(seconds: float, call: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, call)

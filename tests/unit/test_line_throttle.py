"""A log that a stranger cannot fill: a line a second for each client and reason, and counts."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from runway_videos.line_throttle import LineThrottle


class Log:
    """What is written, and a second that is over when a test says so."""

    def __init__(self, max_lines: int = 64) -> None:
        self.lines: list[str] = []
        self.timers: list[Callable[[], None]] = []
        self.throttle = LineThrottle(self._write, self._later, max_lines)

    def _write(self, level: int, line: str) -> None:
        self.lines.append(f"{logging.getLevelName(level)} {line}")

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        assert seconds == 1
        self.timers.append(call)

    def refused(self, peer: str, reason: str = "401", line: str = "") -> None:
        self.throttle.add(peer, reason, logging.INFO, line or f"{reason} of {peer}")

    def second(self) -> list[str]:
        """Ends the second; what was written since the last end."""
        (timer,) = self.timers
        self.timers.clear()
        timer()
        lines, self.lines = self.lines, []
        return lines


def test_each_client_and_reason_has_its_line_at_once() -> None:
    log = Log()
    log.refused("a")
    log.refused("b")
    log.refused("a", "404")
    assert log.lines == ["INFO 401 of a", "INFO 401 of b", "INFO 404 of a"]


def test_what_is_left_out_is_counted_when_the_second_is_over() -> None:
    log = Log()
    for number in range(5):
        log.refused("a", line=f"line {number}")
    log.refused("b")
    assert log.second() == ["INFO line 0", "INFO 401 of b", "INFO line 4 (4 more like this within a second)"]
    # The count was a line of this second.
    log.refused("a")
    log.refused("b")
    assert log.second() == ["INFO 401 of b", "INFO 401 of a (1 more like this within a second)"]
    assert log.second() == []
    assert log.timers == []
    log.refused("a")
    assert log.second() == ["INFO 401 of a"]


@pytest.mark.parametrize("rounds", [1, 3])
def test_more_addresses_than_have_lines_are_a_number(rounds: int) -> None:
    log = Log(max_lines=2)
    for _ in range(rounds):
        for address in range(1000):
            log.refused(f"10.0.0.{address}")
    own = [f"INFO 401 of 10.0.0.{address}" for address in range(2)]
    more = [f"{line} ({rounds - 1} more like this within a second)" for line in own if rounds > 1]
    others = f"INFO {998 * rounds} more calls were refused within a second, of more clients than have lines"
    assert log.second() == [*own, *more, others]

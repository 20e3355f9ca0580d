"""The event loop's lag: measured at each look, and told while a look is overdue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from runway_videos.observe.loop_lag import INTERVAL_SECONDS, LoopLag


class Timer:
    """A timer of one's own: `run` calls what is due."""

    def __init__(self) -> None:
        self.now = 100.0
        self.due: Callable[[], None] | None = None
        self.cancelled = 0

    def later(self, seconds: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        assert seconds == INTERVAL_SECONDS
        self.due = call
        return cast(asyncio.TimerHandle, self)

    def cancel(self) -> None:
        self.cancelled += 1

    def run(self, after: float) -> None:
        self.now += after
        assert self.due is not None
        self.due()


def test_a_loop_that_is_late_says_so_until_it_is_on_time_again() -> None:
    timer = Timer()
    lag = LoopLag(lambda: timer.now, timer.later)
    assert lag.seconds() == 0
    lag.start()
    timer.run(after=0.5)
    assert lag.seconds() == 0
    timer.now += 2.5  # the next look is due, and does not come
    assert lag.seconds() == 2.0
    timer.run(after=0)
    assert lag.seconds() == 2.0
    timer.run(after=0.5)
    assert lag.seconds() == 0


def test_it_is_started_once_and_stopped() -> None:
    timer = Timer()
    lag = LoopLag(lambda: timer.now, timer.later)
    lag.start()
    timer.now += 0.25
    lag.start()
    assert lag.seconds() == 0
    lag.stop()
    assert timer.cancelled == 1
    timer.now += 10
    assert lag.seconds() == 0


async def _in_a_loop() -> None:
    lag = LoopLag()
    lag.start()
    await asyncio.sleep(0)
    lag.stop()


def test_by_default_it_uses_the_running_loop() -> None:
    asyncio.run(_in_a_loop())

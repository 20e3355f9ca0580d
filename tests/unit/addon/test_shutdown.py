"""The end of the process, step by step, in front of a service that a test moves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from runway_addon.shutdown import Shutdown
from unit.loopback import in_a_loop


class ServiceHarness:
    """A service, its sockets and a clock: `plan` is what happens at which second."""

    def __init__(self, **plan: Callable[[ServiceHarness], None]) -> None:
        self.now = 0.0
        self.creates_in_flight = 0
        self.owed = 0
        self.waiting = 0
        self.asking = 0
        self.given_up = 0
        self.due = 0
        self.flushed: list[float] = []
        self.ticked = asyncio.Event()
        self.opened: list[tuple[float, bool]] = []
        self.begun: list[float] = []
        self.ended: list[float] = []
        self.over = asyncio.Event()
        self.plan = {float(name.removeprefix("at_").replace("_", ".")): act for name, act in plan.items()}
        self.shutdown = Shutdown(
            *(self, self, self, self.end, 20, 10),
            begun=lambda: self.begun.append(self.now),
            sleep=self.sleep,
            clock=lambda: self.now,
        )

    def end(self) -> None:
        self.ended.append(round(self.now, 1))
        self.over.set()

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        for time in sorted(self.plan):
            if time <= self.now:
                self.plan.pop(time)(self)
        self.ticked.set()
        await asyncio.sleep(0)

    async def drain(self, seconds: float) -> int:
        end = self.now + seconds
        while self.creates_in_flight and self.now < end:
            await self.ticked.wait()
            self.ticked.clear()
        self.given_up = self.creates_in_flight
        return self.given_up

    async def flush_events(self, seconds: float) -> None:
        end = self.now + seconds
        while self.due and self.now < end:
            await self.ticked.wait()
            self.ticked.clear()
        self.flushed.append(round(self.now, 1))

    def clients_owed(self) -> int:
        return self.owed

    def unanswered(self) -> int:
        return self.asking

    def clients_waiting(self) -> int:
        return self.waiting

    async def set_open(self, is_open: bool) -> None:
        if not self.opened or self.opened[-1][1] != is_open:
            self.opened.append((round(self.now, 1), is_open))


def sets(**values: int) -> Callable[[ServiceHarness], None]:
    """Sets those numbers of the service."""
    return lambda harness: harness.__dict__.update(values)


def at_the_end(harness: ServiceHarness) -> Awaitable[None]:
    return asyncio.wait_for(harness.shutdown.run(), 10)


@in_a_loop
async def test_with_nothing_owed_it_ends_at_once() -> None:
    harness = ServiceHarness()
    await at_the_end(harness)
    assert harness.ended[0] <= 0.5


@in_a_loop
async def test_it_closes_its_sockets_and_waits_for_creates() -> None:
    harness = ServiceHarness(at_5=sets(creates_in_flight=0, waiting=0))
    harness.creates_in_flight = harness.waiting = 1
    await at_the_end(harness)
    assert harness.opened == [(0, False)]
    assert 5 <= harness.ended[0] <= 6


@in_a_loop
async def test_creates_that_do_not_finish_are_answered_before_the_end() -> None:
    harness = ServiceHarness(at_20_5=sets(waiting=0))
    harness.creates_in_flight = harness.waiting = 1
    await at_the_end(harness)
    assert harness.given_up == 1
    assert 20.5 <= harness.ended[0] <= 21.5


@in_a_loop
async def test_it_listens_again_while_a_client_may_come_back() -> None:
    """One leaves in the drain, comes back in it, and is answered."""
    harness = ServiceHarness(
        at_3=sets(owed=1),
        at_4=sets(owed=0, waiting=1),
        at_6=sets(creates_in_flight=0, waiting=0),
    )
    harness.creates_in_flight = 1
    await at_the_end(harness)
    assert [is_open for _, is_open in harness.opened] == [False, True, False]
    assert 3 <= harness.opened[1][0] <= 3.1
    assert 6 <= harness.ended[0] <= 7


@in_a_loop
async def test_it_lingers_for_a_client_that_left_until_it_has_its_answer() -> None:
    harness = ServiceHarness(at_2=sets(owed=0, waiting=1), at_3=sets(waiting=0))
    harness.owed = 1
    await at_the_end(harness)
    assert harness.opened[0] == (0, True)
    assert 3 <= harness.ended[0] <= 4


@in_a_loop
async def test_webhooks_are_told_what_is_due_when_nobody_is_waited_for() -> None:
    harness = ServiceHarness(at_3=sets(owed=0), at_5=sets(due=0))
    harness.owed = harness.due = 1
    await at_the_end(harness)
    assert 5 <= harness.flushed[0] <= harness.ended[0] <= 6


@in_a_loop
async def test_webhooks_are_not_waited_for_longer_than_it_says() -> None:
    harness = ServiceHarness()
    harness.due = 1
    await at_the_end(harness)
    assert 5 <= harness.ended[0] <= 6


@in_a_loop
async def test_a_second_signal_ends_that_wait() -> None:
    harness = ServiceHarness(at_2=tells_again)
    harness.due = 1
    assert 2 <= await told_to_end(harness) <= 3
    assert harness.begun == [0]


@in_a_loop
async def test_it_lingers_no_longer_than_it_says() -> None:
    harness = ServiceHarness()
    harness.owed = 1
    await at_the_end(harness)
    assert 10 <= harness.ended[0] <= 11


@in_a_loop
async def test_who_connected_in_the_last_moment_is_answered() -> None:
    harness = ServiceHarness(at_1=sets(asking=0))
    harness.asking = 1
    await at_the_end(harness)
    assert harness.opened == [(0, False)]
    assert 1.1 <= harness.ended[0] <= 1.5


@in_a_loop
async def test_who_connects_and_asks_nothing_holds_up_the_end_for_seconds_alone() -> None:
    harness = ServiceHarness()
    harness.asking = 1
    await at_the_end(harness)
    assert 2 <= harness.ended[0] <= 2.5


@in_a_loop
async def test_nobody_new_is_taken_while_the_last_are_answered() -> None:
    harness = ServiceHarness()
    harness.owed = 1
    await at_the_end(harness)
    assert [is_open for _, is_open in harness.opened] == [True, False]


def tells_again(harness: ServiceHarness) -> None:
    """A further signal."""
    harness.shutdown.begin()


async def told_to_end(harness: ServiceHarness) -> float:
    """A first signal; when the process ends."""
    harness.shutdown.begin()
    await asyncio.wait_for(harness.over.wait(), 10)
    return harness.ended[0]


@in_a_loop
async def test_signals_within_a_second_are_one() -> None:
    harness = ServiceHarness(at_0_5=tells_again, at_0_9=tells_again, at_5=sets(creates_in_flight=0))
    harness.creates_in_flight = 1
    assert 5 <= await told_to_end(harness) <= 6
    assert harness.given_up == 0


@in_a_loop
async def test_at_a_second_signal_who_waits_is_answered_and_it_ends() -> None:
    harness = ServiceHarness(at_2=tells_again, at_2_3=sets(waiting=0))
    harness.creates_in_flight = harness.waiting = harness.owed = 1
    assert 2.3 <= await told_to_end(harness) <= 3
    assert harness.given_up == 1


@in_a_loop
async def test_a_second_signal_ends_the_linger() -> None:
    harness = ServiceHarness(at_3=tells_again)
    harness.owed = 1
    assert 3 <= await told_to_end(harness) <= 4


@in_a_loop
async def test_a_third_signal_ends_it_at_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    harness = ServiceHarness()
    harness.owed = 1
    harness.shutdown.begin()
    harness.now = 1.0
    harness.shutdown.begin()
    harness.now = 2.0
    harness.shutdown.begin()
    assert harness.ended == [2]
    assert "ending now" in caplog.text

"""A store that has lost what it held: what is in flight is written again, for it is paid."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from runway_videos.idempotency import refusals
from runway_videos.idempotency.in_flight_create import CreateIdentity, Sending, may_have_made
from runway_videos.idempotency.outcomes import OutcomeCodec
from runway_videos.idempotency.shared_attempt import Attempt
from runway_videos.idempotency.shared_creates import SharedCreates
from runway_videos.store.owners import Owners
from unit.idempotency.shared_answers import answer, written
from unit.store.fake_state import FakeState


class Process:
    """Its create is sent, and ends, when the test says so."""

    def __init__(self, state: FakeState) -> None:
        self.begun, self.sends, self.sent, self.ends = (asyncio.Event() for _ in range(4))
        self.made = 0
        self.creates: SharedCreates[str] = SharedCreates(
            state, Owners(state, time.monotonic), OutcomeCodec(str, refusals.fault), may_have_made, time.time
        )

    async def make(self, sending: Sending) -> str:
        self.begun.set()
        await self.sends.wait()
        await sending()
        self.made += 1
        self.sent.set()
        await self.ends.wait()
        return f"video of {id(self)}"

    def ask(self, retry: int = 0) -> Attempt[str]:
        return self.creates.enter(CreateIdentity("", b"", None, retry), self.make)


def run(test: Callable[[FakeState, Process, Process], Awaitable[None]]) -> None:
    async def inside() -> None:
        state = FakeState(time.time)
        one, other = Process(state), Process(state)
        await asyncio.wait_for(test(state, one, other), 20)
        for process in (one, other):
            await process.creates.close()

    asyncio.run(inside())


def test_a_retry_finds_what_is_sent() -> None:
    async def test(state: FakeState, one: Process, other: Process) -> None:
        one.sends.set()
        first = one.ask()
        await one.sent.wait()
        state.lose_all()
        one.creates.write_again()
        await written()
        for process in (one, other):
            process.sends.set()
        retry = other.ask(1)
        await written()
        one.ends.set()
        other.ends.set()
        assert await answer(first) == await answer(retry) == f"video of {id(one)}"
        assert (one.made, other.made) == (1, 0)

    run(test)


def test_what_is_not_sent_yet_is_not() -> None:
    """Another process may have sent its retry by then."""

    async def test(state: FakeState, one: Process, other: Process) -> None:
        first = one.ask()
        await one.begun.wait()
        state.lose_all()
        for process in (one, other):
            process.sends.set()
            process.ends.set()
        retry = other.ask(1)
        await other.sent.wait()
        one.creates.write_again()
        assert await answer(retry) == f"video of {id(other)}"
        assert await answer(first) == "store_unavailable"
        assert (one.made, other.made) == (0, 1)

    run(test)


def test_what_has_ended_is_not_begun_again() -> None:
    async def test(state: FakeState, one: Process, other: Process) -> None:
        one.sends.set()
        one.ends.set()
        assert await answer(one.ask())
        await written()
        state.lose_all()
        one.creates.write_again()
        await written()
        assert not [key for key in state.values if key.startswith("create-")]

    run(test)

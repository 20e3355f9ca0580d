"""What comes late or out of its order: attempts, and what was written to the store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from runway_videos.errors import ApiError
from runway_videos.idempotency import refusals
from runway_videos.idempotency.group_keys import group_key
from runway_videos.idempotency.in_flight_create import CreateIdentity, Sending, may_have_made
from runway_videos.idempotency.outcomes import OutcomeCodec
from runway_videos.idempotency.shared_attempt import Attempt
from runway_videos.idempotency.shared_creates import SharedCreates
from runway_videos.idempotency.shared_group import Group
from runway_videos.store.owners import Owners
from runway_videos.store.shared_state import StoreUnavailableError, Swapped
from unit.idempotency.creates_harness import busy
from unit.idempotency.shared_answers import answer, written
from unit.store.fake_state import FakeState

KEY = group_key(CreateIdentity("", b""))


class BadState(FakeState):
    """A state on a bad network: what becomes of the next changes of the group, in turn."""

    def __init__(self) -> None:
        super().__init__(time.time)
        self.fates: list[str] = []
        self.changes = 0
        self._late: list[Callable[[], Awaitable[Swapped]]] = []

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        if not self.changes and key.startswith("process:"):
            self.changes += 1
            await asyncio.sleep(0.05)  # the first sign of life takes long
        await super().put(key, value, seconds)

    async def swap(self, key: str, expected: bytes | None, value: bytes | None, seconds: float) -> Swapped:
        fate = self.fates.pop(0) if key == KEY and self.fates else ""
        if fate == "slow":
            await asyncio.sleep(0.2)
        if fate == "late":
            self._late.append(lambda: super(BadState, self).swap(key, expected, value, seconds))
            raise StoreUnavailableError("no answer")
        done = await super().swap(key, expected, value, seconds)
        if fate == "no answer":
            raise StoreUnavailableError("no answer")
        return done

    async def arrive(self) -> list[bool]:
        """What was late arrives; whether each was done."""
        return [(await swap()).done for swap in self._late]

    async def group(self) -> Group:
        return msgspec.msgpack.decode(await self.get(KEY) or b"", type=Group)


class Process:
    """One process whose creates end at once, with a video, or with the error that is set."""

    def __init__(self, state: BadState) -> None:
        self.made = 0
        self.error: ApiError | None = None
        self.creates: SharedCreates[str] = SharedCreates(
            state, Owners(state, time.monotonic), OutcomeCodec(str, refusals.fault), may_have_made, time.time
        )

    async def make(self, sending: Sending) -> str:
        await sending()
        if self.error is not None:
            raise self.error
        self.made += 1
        return f"video {self.made}"

    def ask(self, retry: int = 0, *, gone: bool = False) -> Attempt[str]:
        return self.creates.enter(CreateIdentity("", b"", None, retry), self.make, lambda: gone)


def run(test: Callable[[BadState, Process], Awaitable[None]]) -> None:
    async def inside() -> None:
        state = BadState()
        process = Process(state)
        await asyncio.wait_for(test(state, process), 20)
        await process.creates.close()

    asyncio.run(inside())


def test_attempts_of_one_process_are_taken_in_the_order_in_which_they_come() -> None:
    async def test(state: BadState, process: Process) -> None:
        first, retry = process.ask(), process.ask(1)
        assert list(await asyncio.gather(answer(first), answer(retry))) == ["video 1"] * 2

    run(test)


def test_a_create_whose_client_has_left_already_is_not_made() -> None:
    """It was read late: its retry may have come to another process meanwhile."""

    async def test(state: BadState, process: Process) -> None:
        assert await answer(process.ask(1)) == "video 1"
        assert await answer(process.ask(gone=True)) == "client_left"
        assert process.made == 1
        assert await answer(process.ask(2)) == "video 1"

    run(test)


@pytest.mark.parametrize("lost", ["its client", "its claim"])
def test_what_was_not_made_for_a_client_is_made_when_it_comes_back(lost: str) -> None:
    """It does not share the video of an equal create."""

    async def test(state: BadState, process: Process) -> None:
        if lost == "its claim":
            state.fates = ["late"]
        assert await answer(process.ask(gone=lost == "its client")) in ("client_left", "store_unavailable")
        await written()
        assert await answer(process.ask()) == "video 1"
        assert await answer(process.ask(1)) == "video 2"
        assert await answer(process.ask(1)) == "video 1"

    run(test)


def test_a_claim_that_comes_late_keeps_nobody_waiting() -> None:
    async def test(state: BadState, process: Process) -> None:
        state.fates = ["late"]
        assert await answer(process.ask()) == "store_unavailable"
        await written()
        assert await state.arrive() == [False]
        assert await answer(process.ask(1)) == "video 1"

    run(test)


def test_an_outcome_whose_writing_was_not_answered_is_written_once() -> None:
    async def test(state: BadState, process: Process) -> None:
        process.error = busy()
        state.fates = ["", "", "no answer"]
        assert await answer(process.ask()) == "runway_overloaded"
        await written()
        assert len((await state.group()).refused) == 1

    run(test)


def test_a_drain_waits_for_a_create_that_is_being_claimed() -> None:
    async def test(state: BadState, process: Process) -> None:
        assert await answer(process.ask()) == "video 1"
        state.fates = ["", "slow"]
        waiting = asyncio.create_task(answer(process.ask()))
        await written()
        assert await process.creates.drain(10) == []
        assert await waiting == "video 2"

    run(test)


def test_what_is_claimed_when_the_drain_is_over_is_not_sent() -> None:
    async def test(state: BadState, process: Process) -> None:
        assert await answer(process.ask()) == "video 1"
        state.fates = ["", "slow"]
        waiting = asyncio.create_task(answer(process.ask()))
        await written()
        await process.creates.drain(0)
        assert await waiting == "outcome_unknown"
        await process.creates.close()
        assert process.made == 1

    run(test)


@pytest.mark.parametrize("many", [150])
def test_equal_creates_at_once_are_all_made(many: int) -> None:
    async def test(state: BadState, process: Process) -> None:
        other = Process(state)
        asked = [each.ask() for _ in range(many // 2) for each in (process, other)]
        found = await asyncio.gather(*map(answer, asked))
        assert [each for each in found if not each.startswith("video")] == []
        assert process.made + other.made == many
        await other.creates.close()

    run(test)

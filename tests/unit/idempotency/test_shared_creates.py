"""Creates of two processes that share a store of either engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from runway_videos.errors import ApiError
from runway_videos.idempotency import refusals
from runway_videos.idempotency.in_flight_create import CreateIdentity, Kept, Sending, may_have_made
from runway_videos.idempotency.outcomes import OutcomeCodec
from runway_videos.idempotency.shared_attempt import Attempt
from runway_videos.idempotency.shared_creates import SharedCreates
from runway_videos.store.owners import Owners
from runway_videos.store.shared_state import SharedState
from unit.idempotency.creates_harness import busy
from unit.store.engines import ENGINES, Engine
from unit.store.engines import engine as engine_of
from unit.store.fake_state import FakeState

pytestmark = pytest.mark.slow


class Process:
    """One process; what it makes ends when the test says so."""

    def __init__(self, state: SharedState, kept: Kept | None = None) -> None:
        self.state = state
        self.made: list[asyncio.Future[str]] = []
        self.sent: asyncio.Queue[None] = asyncio.Queue()
        self.creates: SharedCreates[str] = SharedCreates(
            state,
            Owners(state, time.monotonic),
            OutcomeCodec(str, refusals.fault),
            may_have_made,
            time.time,
            kept=kept,
        )

    async def make(self, sending: Sending) -> str:
        await sending()
        self.made.append(asyncio.get_running_loop().create_future())
        self.sent.put_nowait(None)
        return await self.made[-1]

    def ask(
        self, retry: int = 0, key: str | None = None, fingerprint: bytes = b"", caller: str = ""
    ) -> Attempt[str]:
        return self.creates.enter(CreateIdentity(caller, fingerprint, key, retry), self.make)

    async def close(self) -> None:
        await self.creates.close()
        await self.state.close()


@pytest.fixture(params=ENGINES, scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with engine_of(request.param) as found:
        yield found


def with_two(engine: Engine, test: Callable[[Process, Process], Awaitable[None]]) -> None:
    async def run() -> None:
        one, other = Process(engine.open()), Process(engine.open())
        try:
            await asyncio.wait_for(test(one, other), 30)
        finally:
            await one.close()
            await other.close()

    asyncio.run(run())


async def answered(attempt: Attempt[str], delivered: bool = True) -> str:
    try:
        return await attempt.outcome()
    finally:
        attempt.answered(delivered)


def test_a_retry_at_another_process_waits_for_the_create_and_gets_it(engine: Engine) -> None:
    async def test(one: Process, other: Process) -> None:
        first = one.ask(fingerprint=b"waits")
        await one.sent.get()
        retry = asyncio.create_task(answered(other.ask(1, fingerprint=b"waits")))
        await asyncio.sleep(0.1)
        one.made[0].set_result("video")
        assert await answered(first) == await retry == "video"
        assert other.made == []

    with_two(engine, test)


@pytest.mark.parametrize("delivered", [True, False])
def test_a_retry_at_another_process_gets_what_was_made(engine: Engine, delivered: bool) -> None:
    async def test(one: Process, other: Process) -> None:
        meant = b"made %d" % delivered
        first = one.ask(fingerprint=meant)
        await one.sent.get()
        one.made[0].set_result("video")
        await answered(first, delivered)
        assert await answered(other.ask(1, fingerprint=meant)) == "video"
        fresh = other.ask(fingerprint=meant)
        await other.sent.get()
        other.made[0].set_result("another")
        assert await answered(fresh) == "another"

    with_two(engine, test)


@pytest.mark.parametrize("begun_by", ["one", "other"])
def test_a_client_whose_place_anothers_retry_took_finds_its_create_again(
    engine: Engine, begun_by: str
) -> None:
    """Neither hang-up is seen: the first client's retry takes the second one's place."""

    async def test(one: Process, other: Process) -> None:
        content = b"place " + begun_by.encode()
        first = one.ask(fingerprint=content)
        await one.sent.get()
        one.made[0].set_result("video 0")
        assert await answered(first) == "video 0"
        of_second = {"one": one, "other": other}[begun_by]
        second = of_second.ask(fingerprint=content)
        await of_second.sent.get()
        retry_of_first = asyncio.create_task(answered(other.ask(1, fingerprint=content)))
        await asyncio.sleep(0.1)  # it waits in the store
        of_second.made[-1].set_result("video 1")
        assert await answered(second) == await retry_of_first == "video 1"
        for count in (1, 1):  # the first one has it already, and so has the second
            assert await answered(one.ask(count, fingerprint=content)) in ("video 0", "video 1")
        assert len(one.made) + len(other.made) == 2

    with_two(engine, test)


def test_a_refusal_is_told_to_who_waits_and_leaves_the_create_free(engine: Engine) -> None:
    async def test(one: Process, other: Process) -> None:
        first = one.ask(fingerprint=b"refused")
        await one.sent.get()
        retry = asyncio.create_task(answered(other.ask(1, fingerprint=b"refused")))
        await asyncio.sleep(0.1)
        one.made[0].set_exception(busy())
        for attempt in (answered(first), retry):
            with pytest.raises(ApiError) as raised:
                await attempt
            assert raised.value.code == "runway_overloaded"
        again = other.ask(2, fingerprint=b"refused")
        await other.sent.get()
        other.made[0].set_result("video")
        assert await answered(again) == "video"

    with_two(engine, test)


def test_an_idempotency_key_is_one_create_of_its_caller(engine: Engine) -> None:
    async def test(one: Process, other: Process) -> None:
        first = one.ask(key="key", fingerprint=b"a")
        await one.sent.get()
        one.made[0].set_result("video")
        assert await answered(first) == "video"
        assert await answered(other.ask(key="key", fingerprint=b"a")) == "video"
        with pytest.raises(ApiError) as raised:
            await answered(other.ask(key="key", fingerprint=b"b"))
        assert raised.value.code == "idempotency_key_reuse"
        theirs = other.ask(key="key", fingerprint=b"b", caller="another")
        await other.sent.get()
        other.made[0].set_result("theirs")
        assert await answered(theirs) == "theirs"

    with_two(engine, test)


def test_an_equal_create_after_an_unknown_outcome_is_refused(engine: Engine) -> None:
    async def test(one: Process, other: Process) -> None:
        first = one.ask(fingerprint=b"unknown")
        await one.sent.get()
        one.made[0].set_exception(refusals.process_died())
        with pytest.raises(ApiError):
            await answered(first)
        with pytest.raises(ApiError) as raised:
            await answered(other.ask(fingerprint=b"unknown"))
        assert (raised.value.code, raised.value.retry) == ("outcome_unknown", False)
        assert "Idempotency-Key" in raised.value.message
        assert other.made == []

    with_two(engine, test)


def test_a_process_that_ends_takes_no_more_creates_and_tells_who_waits(engine: Engine) -> None:
    async def test(one: Process, other: Process) -> None:
        first = one.ask(fingerprint=b"ends")
        await one.sent.get()
        (given_up,) = await one.creates.drain(0.05)
        assert given_up.fingerprint == b"ends"
        with pytest.raises(ApiError, match="had to end"):
            await first.outcome()
        with pytest.raises(ApiError) as raised:
            await answered(one.ask(fingerprint=b"late"))
        assert raised.value.code == "shutting_down"
        one.made[0].set_result("video")  # it comes after all, and is there for the retry
        assert await answered(other.ask(1, fingerprint=b"ends")) == "video"

    with_two(engine, test)


def test_a_caller_has_a_bound(engine: Engine) -> None:
    async def run() -> None:
        process = Process(engine.open(), Kept(running=2))
        attempts = [process.ask(fingerprint=b"bound %d" % number) for number in range(3)]
        for _ in range(2):
            await process.sent.get()
        for number, future in enumerate(process.made):
            future.set_result(f"video {number}")
        got = await asyncio.gather(*map(answered, attempts), return_exceptions=True)
        assert {each for each in got if isinstance(each, str)} == {"video 0", "video 1"}
        (refused,) = [each for each in got if isinstance(each, ApiError)]
        assert refused.code == "too_many_creates"
        await process.close()

    asyncio.run(asyncio.wait_for(run(), 30))


def test_a_create_costs_three_round_trips() -> None:
    async def run() -> int:
        state = FakeState(time.time)
        process = Process(state)
        first = process.ask(fingerprint=b"first")
        await process.sent.get()
        process.made[0].set_result("video")
        await answered(first)
        state.trips = 0
        second = process.ask(fingerprint=b"second")
        await process.sent.get()
        process.made[1].set_result("video")
        await answered(second)
        trips = state.trips
        await process.close()
        return trips

    assert asyncio.run(run()) == 3

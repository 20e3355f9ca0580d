"""Each guard against paying twice, taken out: then the checks of this folder fail, so they can.

The service alone, without mitmproxy, in front of the Runway that misbehaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import msgspec
import pytest

from faulty import Fault, FaultyRunway, faults, inside
from faulty.faults import End
from faulty.inside import leaving_create, stock_create
from faulty.server import Operation
from runway_videos import attempts, making, service
from runway_videos.errors import ApiError
from runway_videos.making import Maker
from runway_videos.repeats import Repeats
from runway_videos.runway_api import RunwayApi
from runway_videos.service import Service
from runway_videos.verdicts import Kind, Verdict

Scenario = Callable[[Service, FaultyRunway], Awaitable[set[str | None]]]


class Count(msgspec.Struct, frozen=True):
    """What came of a scenario. Sound: no task too many, no video too few."""

    asked: int
    tasks: int
    videos: int

    def sound(self, videos: int) -> bool:
        """Whether no more was paid than asked for, and the client has what it can have."""
        return self.tasks <= self.asked and self.videos == videos


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "FIRST_WAIT_SECONDS", 0.0)


@pytest.fixture
def runway() -> Iterator[FaultyRunway]:
    """One for each test."""
    with FaultyRunway() as runway:
        yield runway


# What happens: a lost answer, a client that leaves, a key without credits, a dead connection.


async def lost_answer(proxy: Service, runway: FaultyRunway) -> set[str | None]:
    runway.account("a").plan(Operation.CREATE, faults.RESET_AFTER_TASK)
    runway.account("b").plan(Operation.CREATE, faults.RESET_AFTER_TASK)
    return {await stock_create(proxy, "it")}


async def error_after_the_task(proxy: Service, runway: FaultyRunway) -> set[str | None]:
    for key in "ab":
        runway.account(key).plan(Operation.CREATE, faults.bare(500, does=True))
    return {await stock_create(proxy, "it")}


async def no_credits(proxy: Service, runway: FaultyRunway) -> set[str | None]:
    runway.account("a").plan(Operation.CREATE, *[faults.CREDITS] * 3)
    return {await stock_create(proxy, "it")}


async def comes_back(proxy: Service, runway: FaultyRunway) -> set[str | None]:
    """While its create runs."""
    runway.account("a").plan(Operation.CREATE, faults.HELD)
    first = await leaving_create(proxy, runway, "it")
    again = asyncio.create_task(stock_create(proxy, "it", first_try=1))
    await asyncio.sleep(0)
    runway.account("a").release()
    await first
    return {await again}


async def comes_back_later(proxy: Service, runway: FaultyRunway) -> set[str | None]:
    """After its create has ended."""
    runway.account("a").plan(Operation.CREATE, faults.HELD)
    first = await leaving_create(proxy, runway, "it")
    runway.account("a").release()
    await first
    return {await stock_create(proxy, "it", first_try=1)}


async def comes_back_to_nothing(proxy: Service, runway: FaultyRunway) -> set[str | None]:
    """After the answer to its create was lost."""
    runway.account("a").plan(Operation.CREATE, Fault(End.RESET, holds=True))
    first = await leaving_create(proxy, runway, "it")
    runway.account("a").release()
    await first
    return {await stock_create(proxy, "it", first_try=1)}


async def request_is_cancelled(proxy: Service, runway: FaultyRunway) -> set[str | None]:
    """Whatever served the client ends before the create does."""
    runway.account("a").plan(Operation.CREATE, faults.HELD)
    first = await leaving_create(proxy, runway, "it")
    first.cancel()
    await asyncio.wait([first])
    again = asyncio.create_task(stock_create(proxy, "it", first_try=1))
    await asyncio.sleep(0)
    runway.account("a").release()
    return {await again}


async def same_key(proxy: Service, runway: FaultyRunway) -> set[str | None]:
    return {await stock_create(proxy, "it", key="mine") for _ in range(2)}


async def dead_connections(proxy: Service, runway: FaultyRunway) -> set[str | None]:
    """Two creates in a row; Runway has closed the connection of the first."""
    runway.drops_used = True
    return {await stock_create(proxy, "it"), await stock_create(proxy, "it")}


#: Creates that are asked for, videos that the client can get, keys.
EXPECTED: dict[Scenario, tuple[int, int, int]] = {
    lost_answer: (1, 0, 2),
    error_after_the_task: (1, 0, 2),
    no_credits: (1, 1, 2),
    comes_back: (1, 1, 1),
    comes_back_later: (1, 1, 1),
    comes_back_to_nothing: (1, 0, 1),
    request_is_cancelled: (1, 1, 1),
    same_key: (1, 1, 1),
    dead_connections: (2, 2, 1),
}


# The guards, each as what takes it out.

Take = Callable[[pytest.MonkeyPatch], None]


def _judge_instead(patch: pytest.MonkeyPatch, before: Kind, after: Kind) -> None:
    send = Maker._send

    async def judged(*args: object, **kwargs: object) -> Verdict:
        verdict = await send(*args, **kwargs)  # type: ignore[arg-type]
        wrong = Verdict(after, error=ApiError(400, "Judged wrongly."))
        return wrong if verdict.kind is before else verdict

    patch.setattr(Maker, "_send", judged)


def unknown_outcomes_are_sent_again(patch: pytest.MonkeyPatch) -> None:
    _judge_instead(patch, Kind.UNKNOWN, Kind.LATER)


def unknown_outcomes_go_to_the_next_key(patch: pytest.MonkeyPatch) -> None:
    _judge_instead(patch, Kind.UNKNOWN, Kind.NEXT_KEY)


def no_next_key(patch: pytest.MonkeyPatch) -> None:
    _judge_instead(patch, Kind.NEXT_KEY, Kind.REFUSED)


def clients_are_not_stopped(patch: pytest.MonkeyPatch) -> None:
    unknown = making._unknown

    def silent(*args: object) -> ApiError:
        error = unknown(*args)  # type: ignore[arg-type]
        error.retry = None
        return error

    patch.setattr(making, "_unknown", silent)


def repeats_are_not_known(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Repeats, "_asked_again", lambda *args: None)


def lost_answers_are_not_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(service, "_is_kept", lambda outcome: not isinstance(outcome, Exception))


def creates_end_with_their_request(patch: pytest.MonkeyPatch) -> None:
    class Unshielded:
        """asyncio, but for its shield."""

        def __getattr__(self, name: str) -> object:
            return (lambda task: task) if name == "shield" else getattr(asyncio, name)

    patch.setattr(attempts, "asyncio", Unshielded())


def keys_are_not_known(patch: pytest.MonkeyPatch) -> None:
    enter = Repeats.enter

    def keyless(self: Repeats[object], mark: attempts.CreateMark, *args: object) -> object:
        return enter(self, msgspec.structs.replace(mark, idempotency_key=None), *args)  # type: ignore[arg-type]

    patch.setattr(Repeats, "enter", keyless)


def creates_share_connections(patch: pytest.MonkeyPatch) -> None:
    begin = RunwayApi.__init__

    def pooled(self: RunwayApi, *args: str) -> None:
        begin(self, *args)
        self._fresh = self._pooled

    patch.setattr(RunwayApi, "__init__", pooled)


GUARDS: list[tuple[Take, Scenario]] = [
    (unknown_outcomes_are_sent_again, lost_answer),
    (unknown_outcomes_are_sent_again, error_after_the_task),
    (unknown_outcomes_go_to_the_next_key, lost_answer),
    (unknown_outcomes_go_to_the_next_key, error_after_the_task),
    (no_next_key, no_credits),
    (clients_are_not_stopped, lost_answer),
    (repeats_are_not_known, comes_back),
    (repeats_are_not_known, comes_back_later),
    (lost_answers_are_not_kept, comes_back_to_nothing),
    (creates_end_with_their_request, request_is_cancelled),
    (keys_are_not_known, same_key),
    (creates_share_connections, dead_connections),
]


def count(scenario: Scenario, runway: FaultyRunway) -> Count:
    """Runs it."""
    asked, _, keys = EXPECTED[scenario]

    async def run() -> set[str | None]:
        proxy = inside.service_for(runway, keys)
        try:
            return await scenario(proxy, runway)
        finally:
            await proxy.close()

    videos = asyncio.run(run()) - {None}
    return Count(asked, len(runway.tasks("it")), len(videos))


@pytest.mark.parametrize("scenario", EXPECTED, ids=lambda scenario: scenario.__name__)
def test_with_all_guards_nothing_is_paid_twice_or_lost(scenario: Scenario, runway: FaultyRunway) -> None:
    assert count(scenario, runway).sound(EXPECTED[scenario][1])


@pytest.mark.parametrize(("take_out", "scenario"), GUARDS, ids=lambda part: part.__name__)
def test_without_the_guard_the_check_fails(
    take_out: Take, scenario: Scenario, runway: FaultyRunway, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_out(monkeypatch)
    assert not count(scenario, runway).sound(EXPECTED[scenario][1])


def test_every_scenario_has_a_guard() -> None:
    assert {scenario for _, scenario in GUARDS} == set(EXPECTED)

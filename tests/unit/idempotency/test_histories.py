"""Random histories of clients on a clock of their own: each wish is paid once, and no video has two.

A wish is one client that wants one video, with retries as the stock client has them: two at most,
each 0.4 to 8 s after the last attempt failed. All ask for the same, so nothing but the rules tells
them apart.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import Counter
from collections.abc import Callable
from itertools import count

import msgspec
import pytest

from runway_videos.errors import ApiError
from runway_videos.idempotency.creates import CreateIdentity, Creates, Kept, Waiter
from runway_videos.idempotency.in_flight_create import Sending
from unit.idempotency.creates_harness import busy, may_have_made, settle

RETRIES = 2


class Odds(msgspec.Struct, frozen=True):
    """How often what happens. `unseen`: the client leaves as it is answered, and counts as there."""

    unseen: float = 0.0
    leaves: float = 0.0
    refused: float = 0.0


class Wish(msgspec.Struct, eq=False):
    """One client. `got` is its video; `gone` what can be seen of it."""

    attempt: int = 0
    gone: bool = False
    got: str | None = None
    gave_up: bool = False


class World:
    """Clients, Runway and the clock: events in their order, none at the same time as another."""

    def __init__(self, seed: int, odds: Odds, kept: Kept) -> None:
        self.random = random.Random(seed)
        self.odds = odds
        self.now = 0.0
        self.paid = 0
        self.creates: Creates[str] = Creates(lambda: self.now, may_have_made, kept)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def after(self, least: float, most: float, event: Callable[[], None]) -> None:
        time = self.now + self.random.uniform(least, most)
        heapq.heappush(self._events, (time, next(self._numbers), event))

    def at(self, time: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time, next(self._numbers), event))

    async def run(self) -> None:
        while self._events:
            self.now, _, event = heapq.heappop(self._events)
            event()
            await settle()

    async def make(self, sending: Sending) -> str:
        """Runway: takes a second or two, and may be busy."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.after(0.5, 2, lambda: done.set_result(None))
        await done
        if self.random.random() < self.odds.refused:
            raise busy()
        self.paid += 1
        return f"video {self.paid}"

    def ask(self, wish: Wish) -> None:
        """An attempt: it ends with a video, a refusal, or the client's leaving."""
        gone = False
        identity = CreateIdentity("", b"equal", retry_count=wish.attempt)
        last = wish.attempt == RETRIES
        try:
            waiter = self.creates.enter(identity, self.make, lambda: gone)
        except ApiError:
            self.again(wish)
            return
        attempt = asyncio.get_running_loop().create_task(self.wait(wish, waiter, lambda: gone))

        def leave() -> None:
            nonlocal gone
            if not attempt.done():
                gone = True
                self.again(wish)

        if not last and self.random.random() < self.odds.leaves:
            self.after(0.1, 2, leave)

    async def wait(self, wish: Wish, waiter: Waiter[str], gone: Callable[[], bool]) -> None:
        try:
            video = await waiter.outcome()
        except ApiError:
            if not gone():
                self.again(wish)
            waiter.answered(delivered=not gone())
            return
        waiter.answered(delivered=not gone())
        if gone():
            return
        if wish.attempt < RETRIES and self.random.random() < self.odds.unseen:
            self.again(wish)
        else:
            wish.got = video

    def again(self, wish: Wish) -> None:
        if wish.attempt == RETRIES:
            wish.gave_up = True
            return
        wish.attempt += 1
        self.after(0.4, 8, lambda: self.ask(wish))


def history(seed: int, wishes: int, odds: Odds, kept: Kept, apart: float) -> tuple[int, int, int]:
    """Paid beyond what was wished for, videos that two clients share, wishes that got none."""

    async def run() -> tuple[int, int, int]:
        world = World(seed, odds, kept)
        everyone = [Wish() for _ in range(wishes)]
        for number, wish in enumerate(everyone):
            world.at(number * apart, lambda wish=wish: world.ask(wish))  # type: ignore[misc]
        await world.run()
        got = Counter(wish.got for wish in everyone if wish.got)
        shared = sum(times - 1 for times in got.values())
        without = sum(wish.got is None and not wish.gave_up for wish in everyone)
        return max(0, world.paid - wishes), shared, without

    return asyncio.run(run())


SEEDS = range(8)


def over(wishes: int, odds: Odds, kept: Kept, apart: float) -> tuple[int, ...]:
    """The sums over all seeds."""
    found = [history(seed, wishes // len(SEEDS), odds, kept, apart) for seed in SEEDS]
    return tuple(map(sum, zip(*found, strict=True)))


def test_480_clients_that_hang_up_as_they_are_answered_pay_once() -> None:
    odds = Odds(unseen=1.0)
    assert over(480, odds, Kept(), apart=40) == (0, 0, 0)
    assert over(480, odds, Kept(delivered=0), apart=40)[0] > 100


def test_800_equal_wishes_with_retries_share_nothing_and_pay_once() -> None:
    odds = Odds(refused=0.3)
    assert over(800, odds, Kept(), apart=0.3) == (0, 0, 0)
    assert over(800, odds, Kept(refused=0), apart=0.3)[1] > 10


@pytest.mark.parametrize("apart", [0.3, 3.0])
def test_800_equal_wishes_whose_clients_leave_and_are_refused_pay_once(apart: float) -> None:
    assert over(800, Odds(refused=0.2, leaves=0.3), Kept(), apart)[0] == 0

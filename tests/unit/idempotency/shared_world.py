"""Clients, several processes with one store, Runway and the clock. Processes may be killed."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from itertools import count
from typing import Any

import msgspec

from runway_videos.errors import ApiError
from runway_videos.idempotency import refusals
from runway_videos.idempotency.in_flight_create import CreateIdentity, Kept, Make, Sending, may_have_made
from runway_videos.idempotency.outcomes import OutcomeCodec
from runway_videos.idempotency.shared_attempt import Attempt
from runway_videos.idempotency.shared_creates import SharedCreates
from runway_videos.store.owners import Owners
from runway_videos.store.shared_state import SharedState
from unit.idempotency.creates_harness import busy, settle
from unit.store.fake_state import FakeState

RETRIES = 2


class KnownOwners(Owners):
    """Processes whose deaths are known at once."""

    def __init__(self, state: SharedState, alive: set[str]) -> None:
        super().__init__(state, lambda: 0.0)
        self._alive = alive
        alive.add(self.name)

    async def be_alive(self) -> None:
        pass

    async def dead(self, names: Iterable[str]) -> set[str]:
        return {name for name in names if name not in self._alive}


class Odds(msgspec.Struct, frozen=True):
    """How often what happens. `killed`: a process dies at that share of the creates that it sends.

    `away`: the share of wishes at which the store goes away for some seconds; `lost`: of the store's
    answers to changes. `unwritten`: the share of creates that are sent without having been written as
    sent: a fault.
    """

    leaves: float = 0.0
    refused: float = 0.0
    killed: float = 0.0
    away: float = 0.0
    lost: float = 0.0
    unwritten: float = 0.0


class Wish(msgspec.Struct, eq=False):
    """One client that wants one video, with retries as the stock client has them."""

    fingerprint: bytes
    attempt: int = 0
    got: str | None = None
    gave_up: bool = False


class Process:
    """One process: its creates and the tasks that end with it."""

    def __init__(self, world: World) -> None:
        self.owners = KnownOwners(world.state, world.alive)
        self.tasks: set[asyncio.Task[None]] = set()
        self.creates: SharedCreates[str] = SharedCreates(
            world.state,
            self.owners,
            OutcomeCodec(str, refusals.process_ended),
            may_have_made,
            lambda: world.now,
            kept=world.kept,
            sleep=world.sleep,
            start=self.start,
        )

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def kill(self, alive: set[str]) -> None:
        alive.discard(self.owners.name)
        for task in list(self.tasks):
            task.cancel()


class World:
    """Events in their order, none at the same time as another."""

    def __init__(self, seed: int, odds: Odds, processes: int, kept: Kept | None = None) -> None:
        self.random = random.Random(seed)
        self.odds = odds
        self.now = 1000.0
        self.kept = kept or Kept()
        self.paid: Counter[bytes] = Counter()
        self.alive: set[str] = set()
        self.state = FakeState(lambda: self.now)
        self.state.loses = lambda key: bool(odds.lost) and self.random.random() < odds.lost
        self.processes = [Process(self) for _ in range(processes)]
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def at(self, time: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time, next(self._numbers), event))

    def after(self, least: float, most: float, event: Callable[[], None]) -> None:
        self.at(self.now + self.random.uniform(least, most), event)

    async def sleep(self, seconds: float) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.at(self.now + seconds, lambda: None if done.done() else done.set_result(None))
        await done

    async def run(self) -> None:
        while self._events:
            time, _, event = heapq.heappop(self._events)
            self.now = max(self.now, time)
            event()
            for _ in range(10):
                await settle()

    def maker(self, process: Process, wish: Wish) -> Make[str]:
        async def make(sending: Sending) -> str:
            if self.random.random() >= self.odds.unwritten:
                await sending()
            if self.random.random() < self.odds.killed:
                self.after(0.1, 2, lambda: self.kill(process))
            await self.sleep(self.random.uniform(0.2, 1))
            if self.random.random() < self.odds.refused:
                raise busy()
            self.paid[wish.fingerprint] += 1
            video = f"video {self.paid.total()}"
            await self.sleep(self.random.uniform(0.2, 1))
            return video

        return make

    def kill(self, process: Process) -> None:
        if process in self.processes:
            self.processes.remove(process)
            process.kill(self.alive)
            self.processes.append(Process(self))

    def back(self) -> None:
        self.state.is_away = False

    def ask(self, wish: Wish) -> None:
        process = self.random.choice(self.processes)
        gone = False
        if self.random.random() < self.odds.away:
            self.state.is_away = True
            self.after(0.1, 4, self.back)
        identity = CreateIdentity("", wish.fingerprint, retry_count=wish.attempt)
        attempt = process.creates.enter(identity, self.maker(process, wish), lambda: gone)
        waiting = process.start(self.wait(wish, attempt, lambda: gone))

        def ended(task: asyncio.Task[None]) -> None:
            if task.cancelled() and not gone:  # the process has died: the connection is reset
                self.again(wish)

        waiting.add_done_callback(ended)

        def leave() -> None:
            nonlocal gone
            if not waiting.done():
                gone = True
                self.again(wish)

        if wish.attempt < RETRIES and self.random.random() < self.odds.leaves:
            self.after(0.1, 3, leave)

    async def wait(self, wish: Wish, attempt: Attempt[str], gone: Callable[[], bool]) -> None:
        try:
            video = await attempt.outcome()
        except ApiError as error:
            attempt.answered(delivered=not gone())
            if not gone():
                if error.retry is False:
                    wish.gave_up = True
                else:
                    self.again(wish)
            return
        attempt.answered(delivered=not gone())
        if not gone():
            wish.got = video

    def again(self, wish: Wish) -> None:
        if wish.attempt == RETRIES:
            wish.gave_up = True
            return
        wish.attempt += 1
        self.after(0.4, 8, lambda: self.ask(wish))


class Result(msgspec.Struct, frozen=True):
    """`beyond`: paid beyond what was wished for; `shared`: clients that got another's video;
    `without`: wishes that neither got a video nor were refused."""

    beyond: int = 0
    shared: int = 0
    without: int = 0


def history(seed: int, wishes: int, odds: Odds, processes: int, apart: float, *, equal: bool) -> Result:
    """Plays one history. `equal`: all wishes are for the same, so that only the rules tell them apart."""

    async def run() -> Result:
        world = World(seed, odds, processes)
        everyone = [Wish(b"equal" if equal else b"%d" % number) for number in range(wishes)]
        for number, wish in enumerate(everyone):
            world.at(1000 + number * apart, lambda wish=wish: world.ask(wish))  # type: ignore[misc]
        await world.run()
        got = Counter(wish.got for wish in everyone if wish.got)
        return Result(
            sum(max(0, paid - (wishes if equal else 1)) for paid in world.paid.values()),
            sum(times - 1 for times in got.values()),
            sum(wish.got is None and not wish.gave_up for wish in everyone),
        )

    return asyncio.run(run())

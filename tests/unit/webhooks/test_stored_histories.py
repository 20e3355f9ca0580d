"""Random histories of processes that share a store: each end is told, and once where nothing goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Coroutine
from typing import Any

import msgspec
import pytest

from runway_videos.errors import ApiError
from unit.webhooks.stored_world import TAKEN_OVER, Process, World

pytestmark = pytest.mark.slow


class Odds(msgspec.Struct, frozen=True):
    """How often what happens, at each of a history's steps."""

    killed: float = 0.0
    stopped: float = 0.0
    still: float = 0.0
    away: float = 0.0
    refused: float = 0.0


class History:
    """Steps of a few seconds each. `ids` are the videos that clients have."""

    def __init__(self, seed: int, odds: Odds) -> None:
        self.random = random.Random(seed)
        self.odds = odds
        self.world = World()
        self.ids: list[str] = []
        self.calls: set[asyncio.Future[None]] = set()

    async def play(self) -> None:
        for _ in range(3):
            await self.world.start()
        for _ in range(30):
            await self._step()
        self.world.problem = ""
        self.world.fake.is_away = False
        for process in self.world.processes:
            process.life.goes_on.set()
        self.world.end_all()
        await self.world.pass_time(TAKEN_OVER)
        await self.world.pass_time(1200)

    async def _step(self) -> None:
        world, happens = self.world, self._happens
        if not world.fake.is_away:
            self._begin(self._create(self.random.choice(self._going())))
            for _ in range(self.random.randrange(200)):
                await asyncio.sleep(0)  # so that a process may die in the middle of it
        if happens(self.odds.killed):
            world.kill(self.random.choice(world.processes))
            await world.start()
        if happens(self.odds.stopped) and len(self._going()) > 1:
            await world.stop(self.random.choice(self._going()))
            await world.start()
        if len(self._going()) > 1 and happens(self.odds.still):
            self.random.choice(self._going()).life.goes_on.clear()
        elif happens(0.3):
            for process in world.processes:
                process.life.goes_on.set()
        world.fake.is_away = happens(self.odds.away)
        world.problem = "HTTP 500" if happens(self.odds.refused) else ""
        for task in list(world.runway.tasks):
            if happens(0.2):
                world.end(task)
        if self.ids and happens(0.3):
            asking = self.random.choice(self._going())
            self._begin(self._ask(asking, self.random.choice(self.ids)))
        await world.pass_time(self.random.uniform(0.5, 12))

    def _begin(self, call: Coroutine[Any, Any, None]) -> None:
        self.calls.add(asyncio.ensure_future(call))

    async def _create(self, process: Process) -> None:
        with contextlib.suppress(ApiError):  # the store is away
            self.ids.append(await process.create())

    async def _ask(self, process: Process, video_id: str) -> None:
        with contextlib.suppress(ApiError):
            await process.video("GET", f"/{video_id}")

    def _going(self) -> list[Process]:
        return [each for each in self.world.processes if each.life.goes_on.is_set()]

    def _happens(self, odds: float) -> bool:
        return self.random.random() < odds


def play(seed: int, odds: Odds) -> list[int]:
    """How often each video's end was told."""

    async def run() -> list[int]:
        history = History(seed, odds)
        await history.play()
        assert len(history.ids) > 10
        return [len(history.world.told(video_id)) for video_id in history.ids]

    return asyncio.run(run())


@pytest.mark.parametrize("odds", [Odds(refused=0.3), Odds(stopped=0.2, refused=0.3)])
def test_where_nobody_dies_each_end_is_told_once(odds: Odds) -> None:
    assert set(play(1, odds)) == {1}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_each_end_is_told(seed: int) -> None:
    told = play(seed, Odds(killed=0.15, stopped=0.1, still=0.15, away=0.15, refused=0.3))
    assert min(told) >= 1
    assert sum(told) < len(told) * 1.3

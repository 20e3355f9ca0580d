"""Processes with one store, one Runway, one webhook and one clock. Each may be killed, or stand still."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

from runway_videos.config.store_option import StoreOption
from runway_videos.keys.pool import Key
from runway_videos.store.shared_state import SharedState, Swapped
from runway_videos.upstream.client import Reply
from runway_videos.upstream.timeouts import Timeouts
from unit.fake_runway import FakeRunway
from unit.store.fake_state import FakeState
from unit.webhooks.harness import DONE, Receiver, WebhookHarness

# Of the loop, until everything that can go on has.
_STEPS = 60
#: Long enough for a process to be taken for dead and its videos to be polled by another.
TAKEN_OVER = 40.0


class Life:
    """Whether a process goes on: one that does not waits for ever at its next input or output."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()
        self.goes_on.set()


class GatedState:
    """A process's way to the store."""

    def __init__(self, state: SharedState, life: Life) -> None:
        self._state = state
        self._life = life

    async def time(self) -> float:
        await self._life.goes_on.wait()
        return await self._state.time()

    async def get(self, key: str) -> bytes | None:
        await self._life.goes_on.wait()
        return await self._state.get(key)

    async def swap(self, key: str, expected: bytes | None, value: bytes | None, seconds: float) -> Swapped:
        await self._life.goes_on.wait()
        return await self._state.swap(key, expected, value, seconds)

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self._life.goes_on.wait()
        await self._state.put(key, value, seconds)

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        await self._life.goes_on.wait()
        return await self._state.get_many(keys)

    async def add(self, key: str, item: bytes, seconds: float, oldest: bytes) -> None:
        await self._life.goes_on.wait()
        await self._state.add(key, item, seconds, oldest)

    async def remove(self, key: str, item: bytes) -> None:
        await self._life.goes_on.wait()
        await self._state.remove(key, item)

    async def items(
        self, key: str, limit: int, *, after: bytes | None = None, descending: bool = False
    ) -> list[bytes]:
        await self._life.goes_on.wait()
        return await self._state.items(key, limit, after=after, descending=descending)

    async def warnings(self) -> list[str]:
        return []

    async def close(self) -> None:
        pass


class GatedRunway(FakeRunway):
    """A process's way to the Runway that all share."""

    def __init__(self, shared: FakeRunway, life: Life) -> None:
        super().__init__()
        self._life = life
        self.tasks, self.made_with = shared.tasks, shared.made_with

    async def create(self, key: Key, path: str, body: bytes) -> Reply:
        await self._life.goes_on.wait()
        return await super().create(key, path, body)

    async def get_task(self, key: Key, task: str) -> Reply:
        await self._life.goes_on.wait()
        return await super().get_task(key, task)


class GatedReceiver(Receiver):
    """A process's way to the webhook."""

    def __init__(self, process: Process) -> None:
        super().__init__(process)
        self._process = process

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> str:
        await self._process.life.goes_on.wait()
        problem = self._process.world.problem or await super().send(url, headers, body)
        await asyncio.sleep(0)
        if not problem:
            self._process.world.taken.append(json.loads(body))
        await self._process.life.goes_on.wait()
        return problem


class Process(WebhookHarness):
    """One process."""

    def __init__(self, world: World, **options: Any) -> None:
        self.world, self.life = world, Life()
        super().__init__({"RUNWAY_ID_SECRET": "known to all of them"}, poll_seconds=5, **options)

    def _new_receiver(self) -> Receiver:
        return GatedReceiver(self)

    @property
    def now(self) -> float:
        return self.world.now

    @now.setter
    def now(self, now: float) -> None:
        pass

    def _connect(self, base_url: str, proxy: str | None, timeouts: Timeouts) -> FakeRunway:
        self.runways.append(GatedRunway(self.world.runway, self.life))
        return self.runways[-1]

    def _open_store(self, option: StoreOption) -> SharedState:
        return GatedState(self.world.state, self.life)

    def next_wake(self) -> float:
        """When the first of its waits ends."""
        if not self.life.goes_on.is_set():
            return inf
        return min((at for at, ends in self._sleepers if not ends.done()), default=inf)

    def wake(self, moment: float) -> None:
        """Ends the waits that end by then."""
        for at, ends in self._sleepers:
            if at <= moment and not ends.done():
                ends.set_result(None)
        self._sleepers = [each for each in self._sleepers if not each[1].done()]


class World:
    """`taken` are the events that the webhook took; while `problem` is set it takes none."""

    def __init__(self, state: Callable[[World], SharedState] | None = None) -> None:
        self.now = 1000.0
        self.runway = FakeRunway()
        self.fake = FakeState(lambda: self.now)
        self.state = state(self) if state else self.fake
        self.taken: list[dict[str, Any]] = []
        self.problem = ""
        self.processes: list[Process] = []

    async def start(self, **options: Any) -> Process:
        """One process more."""
        process = Process(self, **options)
        self.processes.append(process)
        await process.service.start()
        return process

    def kill(self, process: Process) -> None:
        """It does nothing any more."""
        process.life.goes_on.clear()
        self.processes.remove(process)

    async def stop(self, process: Process) -> None:
        """SIGTERM."""
        flush = asyncio.ensure_future(process.service.flush_events(5))
        await self.pass_time(1)
        await flush
        await process.service.close()
        self.processes.remove(process)

    def end(self, task: str, **state: object) -> None:
        """Runway has made the video, or as `state` says."""
        self.runway.tasks[task].update(state or DONE)

    def end_all(self) -> None:
        for task in self.runway.tasks:
            self.end(task)

    async def pass_time(self, seconds: float) -> None:
        """Waits of all processes that go on end in their order."""
        await self.settle()
        until = self.now + seconds
        while (moment := min((each.next_wake() for each in self.processes), default=inf)) <= until:
            self.now = max(self.now, moment)
            for process in self.processes:
                if process.life.goes_on.is_set():
                    process.wake(moment)
            await self.settle()
        self.now = until
        await self.settle()

    async def settle(self) -> None:
        for _ in range(_STEPS):
            await asyncio.sleep(0)

    def told(self, video_id: str) -> list[str]:
        """The types of what was taken of a video."""
        return [event["type"] for event in self.taken if event["data"]["id"] == video_id]

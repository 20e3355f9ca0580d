"""Held polls under a clock that moves only when the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from runway_videos.openai.messages import Answer
from unit.fake_runway import ServiceHarness

# Steps of the loop until everything that can go on has.
_STEPS = 12


async def settle() -> None:
    """Lets everything that waits for nothing go on."""
    for _ in range(_STEPS):
        await asyncio.sleep(0)


class HeldHarness(ServiceHarness):
    """A service whose waits end when `pass_time` has come to them."""

    def __init__(self, environ: Mapping[str, str] | None = None, /, **options: Any) -> None:
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        super().__init__(environ, **options)

    async def _sleep(self, seconds: float) -> None:
        ends: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, ends))
        await ends

    async def pass_time(self, seconds: float) -> None:
        """Moves the clock on; waits that end by then end in their order."""
        await settle()
        until = self.now + seconds
        while due := [each for each in self._sleepers if each[0] <= until and not each[1].done()]:
            moment = min(at for at, _ in due)
            self.now = max(self.now, moment)
            for at, ends in due:
                if at == moment:
                    ends.set_result(None)
            self._sleepers = [each for each in self._sleepers if not each[1].done()]
            await settle()
        self.now = until
        await settle()

    @property
    def sleepers(self) -> int:
        """Waits that go on."""
        return sum(not ends.done() for _, ends in self._sleepers)

    def hold(
        self,
        video_id: str,
        prefer: str = "wait=60",
        gone: Callable[[], bool] = lambda: False,
        caller: str = "",
    ) -> Poll:
        """A poll that may be held."""
        return Poll(self, video_id, prefer, gone, caller)


class Poll:
    """One poll under way. `video` is what it was answered with, None while it is held."""

    def __init__(
        self, harness: HeldHarness, video_id: str, prefer: str, gone: Callable[[], bool], caller: str
    ) -> None:
        ask = harness.ask("GET", f"/{video_id}", headers={"prefer": prefer}, gone=gone, caller=caller)
        self.task = asyncio.get_running_loop().create_task(ask)

    @property
    def held(self) -> bool:
        return not self.task.done()

    @property
    def answer(self) -> Answer:
        assert self.task.done(), "it is still held"
        answer = self.task.result()
        assert isinstance(answer, Answer)
        return answer

    @property
    def video(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.answer.body)
        return found

    @property
    def applied(self) -> str | None:
        return self.answer.headers.get("preference-applied")

"""A configuration in force, whose files a test changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from runway_addon.new_configuration import NewConfiguration
from runway_videos.config.conf_file import ConfigError
from runway_videos.config.settings import Settings
from unit.addon.start_harness import Start

KEY = "runway_keys:\n  - {name: a, value: env.TEAM_A, weight: 2}\n"


class Running:
    """A started configuration, whose files a test changes."""

    def __init__(self, start: Start, conf: str) -> None:
        self.start = start
        start(conf)
        self.taken: list[Settings] = []
        self.refuses: str | None = None
        self.looks = 0
        self.looked = asyncio.Event()
        self.new = NewConfiguration(start.options, self._sleep)
        self._take(start.options.read_settings())

    def _take(self, settings: Settings) -> None:
        if self.refuses:
            raise ConfigError(self.refuses)
        self.taken.append(settings)
        self.new.use(settings, self._take, lambda: self.now)

    async def _sleep(self, seconds: float) -> None:
        self.looks += 1
        self.looked.set()
        await asyncio.sleep(0)

    async def until(self, done: Callable[[], bool]) -> None:
        """Looks at the files until then, and twice more."""
        looks = self.looks
        while not done() or self.looks < looks + 5:
            self.looked.clear()
            await self.looked.wait()

    @property
    def now(self) -> Settings:
        return self.taken[-1]

    def put(self, conf: str) -> None:
        """Another file takes the place of the one that was read."""
        other = self.start.folder / "other"
        other.write_text(conf)
        other.replace(self.start.file)

    def read(self, conf: str) -> None:
        self.put(conf)
        self.start.loop.run_until_complete(self.new.read())


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records if record.name == "runway"]
    caplog.clear()
    return found

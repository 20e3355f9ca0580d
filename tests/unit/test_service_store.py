"""Services with one store: what is wired to it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from runway_videos.config.conf_file import ConfigError
from runway_videos.keys.pool import KeyReport
from runway_videos.service import Service
from runway_videos.upstream.client import RunwayClient
from unit.config.option_values import settings_from
from unit.fake_runway import FakeRunway

KEYS = [json.dumps({"name": "a", "value": "value-of-a"})]


def service(store: str) -> Service:
    def connect(*_: object) -> RunwayClient:
        return FakeRunway()

    return Service(settings_from(keys=KEYS, store=store), connect=connect)


def test_what_one_learns_of_a_key_the_other_knows(tmp_path: Path) -> None:
    async def run() -> None:
        one, other = (service(f"sqlite:{tmp_path / 'store.db'}") for _ in range(2))
        await one.start()
        await other.start()
        for request in (b"1", b"2"):
            one.runtime.pool.report("a", "gen4.5", KeyReport.NO_CREDITS, "no credits", request)
        pool = other.runtime.pool
        async with asyncio.timeout(20):
            while (picked := pool.pick("gen4.5")) is not None:
                pool.end(picked, made=False)
                await asyncio.sleep(0.02)
        assert "no credits" in pool.no_key_error("gen4.5").detail
        await one.close()
        await other.close()

    asyncio.run(run())


def test_another_store_takes_a_restart(tmp_path: Path) -> None:
    async def run() -> None:
        found = service("memory")
        with pytest.raises(ConfigError, match="runway_store"):
            found.reconfigure(settings_from(keys=KEYS, store=f"sqlite:{tmp_path / 'store.db'}"))
        await found.close()

    asyncio.run(run())


def test_a_file_that_cannot_be_opened_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="runway_store"):
        service(f"sqlite:{tmp_path / 'no such folder' / 'store.db'}")

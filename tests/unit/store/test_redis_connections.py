"""How many connections to Redis one process has."""

from __future__ import annotations

import asyncio

import pytest

from redis_server import needs_redis
from unit.store.engines import engine

pytestmark = [pytest.mark.slow, needs_redis]


def test_more_calls_at_once_than_connections_wait_for_their_turn() -> None:
    async def run() -> None:
        with engine("redis") as found:
            async with found.opened() as state:
                await asyncio.gather(*(state.put(f"key{number}", b"x", 60) for number in range(500)))
                values = await state.get_many([f"key{number}" for number in range(500)])
                assert set(values) == {b"x"}

    asyncio.run(run())

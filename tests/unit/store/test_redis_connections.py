"""How many connections to Redis one process has."""

from __future__ import annotations

import asyncio

import pytest

from redis_server import needs_redis
from runway_videos.store.redis_state import RedisState
from unit.store.engines import engine

pytestmark = [pytest.mark.slow, needs_redis]


def test_more_calls_at_once_than_connections_wait_for_their_turn() -> None:
    async def run() -> None:
        with engine("redis") as found:
            assert found.redis is not None
            # A hundred connections at once take a while on a machine that is busy.
            state = RedisState(found.redis.url, answer_seconds=60)
            try:
                await asyncio.gather(*(state.put(f"key{number}", b"x", 60) for number in range(200)))
                values = await state.get_many([f"key{number}" for number in range(200)])
                assert set(values) == {b"x"}
            finally:
                await state.close()

    asyncio.run(run())

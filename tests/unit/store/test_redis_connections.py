"""Connections to Redis: how many one process has, and what becomes of calls over one that breaks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from redis.asyncio import Connection

from redis_server import RedisServer, needs_redis
from runway_videos.store.redis_state import RedisState
from runway_videos.store.shared_state import StoreUnavailableError, Swapped
from unit.certificates import certificate_file
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


def test_a_connection_that_ends_just_before_it_is_written_to_is_a_store_that_is_away() -> None:
    """CPython raises AttributeError there, at `StreamWriter.writelines`."""
    breaks = False

    class Breaking(Connection):
        async def send_command(self, *words: Any, **options: Any) -> None:
            if breaks:
                assert self._writer is not None
                self._writer.transport.abort()  # as a reset that comes right now
                for _ in range(3):
                    await asyncio.sleep(0)
            await super().send_command(*words, **options)

    async def run() -> None:
        nonlocal breaks
        with engine("redis") as found:
            assert found.redis is not None
            state = RedisState(found.redis.url, connection_class=Breaking)
            try:
                await state.put("key", b"before", 60)
                breaks = True
                with pytest.raises(StoreUnavailableError):
                    await state.swap("key", b"before", b"after", 60)
                breaks = False
                assert await state.get("key") == b"before"
            finally:
                await state.close()

    asyncio.run(run())


def test_after_a_failover_it_connects_anew() -> None:
    """The old primary still answers who is connected to it; the address is the new one's by then."""

    async def run() -> None:
        with engine("redis") as found:
            assert found.redis is not None
            admin: Any = redis.asyncio.Redis.from_url(found.redis.url)
            state = RedisState(found.redis.url)

            async def connections() -> set[str]:
                return {each["id"] for each in await admin.client_list() if each["cmd"] != "client|list"}

            await asyncio.gather(*(state.put(f"key{number}", b"x", 60) for number in range(5)))
            before = await connections()
            assert before
            await admin.execute_command("REPLICAOF", "127.0.0.1", "1")
            with pytest.raises(StoreUnavailableError, match="ReadOnlyError"):
                await state.swap("key0", b"x", b"y", 60)
            assert await state.get("key0") == b"x"
            assert not before & await connections()
            await state.close()
            await admin.aclose()

    asyncio.run(run())


def test_it_is_reached_by_tls_and_at_a_socket(tmp_path: Path) -> None:
    certificate = certificate_file(tmp_path)

    async def fails(url: str) -> None:
        state = RedisState(url)
        with pytest.raises(StoreUnavailableError):
            await state.get("by")
        await state.close()

    async def run() -> None:
        with RedisServer(tmp_path, password="p4ss", certificate=certificate) as server:
            tls = f"rediss://:p4ss@127.0.0.1:{server.tls_port}/2"
            for url in (f"{tls}?ssl_ca_certs={certificate}", f"unix://:p4ss@{server.socket}?db=2"):
                state = RedisState(url)
                await state.add("list", url.encode(), 60, b"")
                await state.put("by", url.encode(), 60)
                assert await state.get("by") == url.encode()
                assert await state.swap("by", url.encode(), None, 60) == Swapped(True, None)
                await state.close()
            last = RedisState(f"redis://:p4ss@127.0.0.1:{server.port}/2")
            assert len(await last.items("list", 9)) == 2
            await last.close()
            for url in (tls, f"redis://:p4ss@127.0.0.1:{server.tls_port}/2", f"unix://{server.socket}"):
                await fails(url)  # it is not trusted; TLS is wanted; a password is

    asyncio.run(run())

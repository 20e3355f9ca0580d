"""What every engine of a shared state has to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

from runway_videos.store.redis_state import RedisState
from runway_videos.store.shared_state import StoreUnavailableError, Swapped
from unit.store.engines import ENGINES, Engine
from unit.store.engines import engine as engine_of

pytestmark = pytest.mark.slow


@pytest.fixture(params=ENGINES, scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with engine_of(request.param) as found:
        yield found


def test_a_value_stands_until_it_is_swapped_by_who_knows_it(engine: Engine) -> None:
    async def run() -> None:
        async with engine.opened() as state:
            assert await state.get("a") is None
            assert await state.swap("a", b"other", b"x", 9) == Swapped(False, None)
            assert await state.swap("a", None, b"\x00\xff", 9) == Swapped(True, b"\x00\xff")
            assert await state.swap("a", None, b"y", 9) == Swapped(False, b"\x00\xff")
            assert await state.swap("a", b"y", None, 9) == Swapped(False, b"\x00\xff")
            assert await state.get("a") == b"\x00\xff"
            assert await state.swap("a", b"\x00\xff", None, 9) == Swapped(True, None)
            assert await state.get("a") is None
            assert await state.swap("a", None, None, 9) == Swapped(True, None)

    asyncio.run(run())


def test_its_time_is_unix_time(engine: Engine) -> None:
    async def run() -> None:
        async with engine.opened() as state:
            before = time.time()
            assert before - 1 < await state.time() < time.time() + 1

    asyncio.run(run())


def test_a_value_is_gone_when_its_time_is_over(engine: Engine) -> None:
    async def run() -> None:
        async with engine.opened() as state:
            await state.put("long", b"x", 60)
            await state.put("short", b"x", 0.02)
            await asyncio.sleep(0.05)
            assert await state.get("short") is None
            assert await state.swap("short", None, b"y", 9) == Swapped(True, b"y")
            assert await state.get("long") == b"x"

    asyncio.run(run())


def test_processes_see_one_store_and_one_of_them_wins(engine: Engine) -> None:
    async def run() -> None:
        async with engine.opened() as one, engine.opened() as other:
            for number in range(50):
                key = f"race {number}"
                results = await asyncio.gather(
                    *(state.swap(key, None, name, 9) for state in (one, other) for name in (b"a", b"b"))
                )
                (won,) = [result.current for result in results if result.done]
                assert {result.current for result in results} == {won}
                assert await one.get(key) == await other.get(key) == won

    asyncio.run(run())


def test_what_is_counted_by_many_is_counted_whole(engine: Engine) -> None:
    async def run() -> None:
        async with engine.opened() as one, engine.opened() as other:

            async def count(state: object) -> None:
                assert state is one or state is other
                known: bytes | None = None
                while True:
                    new = str(int(known or b"0") + 1).encode()
                    swapped = await (one if state is one else other).swap("count", known, new, 9)
                    if swapped.done:
                        return
                    known = swapped.current

            await asyncio.gather(*(count(state) for state in (one, other) for _ in range(20)))
            assert await one.get("count") == b"40"

    asyncio.run(run())


def test_it_outlives_who_opened_it(engine: Engine) -> None:
    async def run() -> None:
        async with engine.opened() as state:
            await state.put("kept", b"x", 60)
        async with engine.opened() as state:
            assert await state.get("kept") == b"x"

    asyncio.run(run())


def test_a_store_that_is_not_there_says_so(engine: Engine) -> None:
    if engine.redis is None:
        with pytest.raises(StoreUnavailableError, match=r"store\.db"):
            Engine("sqlite", engine.folder / "no such folder", None).open()
        return

    async def run() -> None:
        assert engine.redis is not None
        async with engine.opened() as state:
            await state.put("a", b"x", 60)
            engine.redis.pause()
            try:
                for call in (state.get("a"), state.put("a", b"y", 9), state.swap("a", None, b"y", 9)):
                    with pytest.raises(StoreUnavailableError):
                        await call
            finally:
                engine.redis.go_on()
            assert await state.get("a") is not None

    asyncio.run(run())


def test_settings_that_lose_creates_are_warned_of(engine: Engine) -> None:
    async def run() -> None:
        async with engine.opened() as state:
            assert await state.warnings() == []
            if engine.redis is not None:
                import redis.asyncio

                admin = redis.asyncio.Redis.from_url(engine.redis.url)
                await admin.config_set("maxmemory-policy", "allkeys-lru")
                await admin.config_set("appendonly", "no")
                assert ["maxmemory" in text for text in await state.warnings()] == [True, False]
                await admin.config_set("maxmemory-policy", "noeviction")
                await admin.config_set("appendonly", "yes")
                await admin.aclose()

    asyncio.run(run())


def test_what_its_user_may_not_do_is_warned_of(engine: Engine) -> None:
    if engine.redis is None:
        return
    port = engine.redis.port

    async def run() -> None:
        import redis.asyncio

        admin: Any = redis.asyncio.Redis(port=port)
        enough = "~runway-videos:* +@read +@write +@scripting +@connection +@transaction +time"
        for rights, refused in (
            (enough, ""),
            (f"{enough} -time", "'time'"),
            (f"{enough} -zadd", "ZADD"),
            (f"{enough} -evalsha", "'evalsha'"),
            (f"{enough} resetkeys ~other:*", "keys"),
        ):
            await admin.execute_command("ACL", "SETUSER", "app", "reset", "on", ">p4ss", *rights.split())
            state = RedisState(f"redis://app:p4ss@127.0.0.1:{port}/0")
            warnings = await state.warnings()
            if refused:
                (text,) = warnings
                assert refused in text
                assert enough in text
            else:
                assert warnings == []
            await state.close()
        await admin.execute_command("ACL", "DELUSER", "app")
        await admin.aclose()

    asyncio.run(run())


def test_many_values_come_in_the_order_of_their_keys(engine: Engine) -> None:
    async def run() -> None:
        async with engine.opened() as state:
            await state.put("one", b"1", 60)
            await state.put("two", b"2", 60)
            assert await state.get_many(["two", "none", "one"]) == [b"2", None, b"1"]
            assert await state.get_many([]) == []

    asyncio.run(run())


def test_a_list_is_in_the_order_of_its_items_bytes(engine: Engine) -> None:
    async def run() -> None:
        async with engine.opened() as state:
            items = [b"1\x00\xff", b"2", b"2\x00", b"3"]
            for item in (items[2], items[0], items[3], items[1], items[1]):
                await state.add("list", item, 60, b"")
            assert await state.items("list", 9) == items
            assert await state.items("list", 2, descending=True) == items[:1:-1]
            assert await state.items("list", 9, after=b"2") == items[2:]
            assert await state.items("list", 9, after=b"2", descending=True) == items[:1]
            assert await state.items("other", 9) == []
            await state.remove("list", b"2")
            await state.add("list", b"4", 60, b"2")
            assert await state.items("list", 9) == [b"2\x00", b"3", b"4"]

    asyncio.run(run())


def test_a_redis_that_takes_no_writes_is_away(engine: Engine) -> None:
    if engine.redis is None:
        return
    url = engine.redis.url

    async def run() -> None:
        import redis.asyncio

        admin: Any = redis.asyncio.Redis.from_url(url)
        async with engine.opened() as state:
            await state.put("kept", b"x", 60)
            refusing = [
                (admin.execute_command("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
                (admin.config_set("maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
            ]
            for begin, end in refusing:
                await begin
                for write in (state.put("new", b"x", 60), state.swap("new", None, b"x", 60)):
                    with pytest.raises(StoreUnavailableError):
                        await write
                assert await state.get("kept") == b"x"
                await admin.execute_command(*end)
                await state.put("new", b"x", 60)
                await state.swap("new", b"x", None, 60)
        await admin.aclose()

    asyncio.run(run())

"""Locks by key: one holder for each, in the order in which they come, and nothing is left behind."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos.idempotency.key_locks import KeyLocks


def test_one_at_a_time_in_their_order() -> None:
    async def test() -> list[str]:
        locks, told = KeyLocks(), list[str]()

        async def work(name: str, key: str) -> None:
            async with locks.hold(key, 5):
                told.append(f"{name} begins")
                await asyncio.sleep(0)
                told.append(f"{name} ends")

        await asyncio.gather(work("1", "a"), work("2", "a"), work("3", "b"), work("4", "a"))
        assert len(locks) == 0
        return told

    told = asyncio.run(test())
    assert [line for line in told if not line.startswith("3")] == [
        f"{name} {what}" for name in "124" for what in ("begins", "ends")
    ]
    assert told.index("3 begins") < told.index("1 ends")


def test_who_waits_too_long_gives_up_and_leaves_nothing() -> None:
    async def test() -> None:
        locks = KeyLocks()
        async with locks.hold("a", 5):
            with pytest.raises(TimeoutError):
                async with locks.hold("a", 0):
                    raise AssertionError("nobody has given it up")
        async with locks.hold("a", 0.1):
            assert len(locks) == 1
        assert len(locks) == 0

    asyncio.run(test())

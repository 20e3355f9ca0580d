"""Writes that wait for a store that is away."""

from __future__ import annotations

import asyncio

from runway_videos.store.later_writes import LaterWrites
from runway_videos.store.shared_state import StoreUnavailableError


class Store:
    """Away for so many tries. `written` in the order in which it came."""

    def __init__(self, away: int) -> None:
        self.away = away
        self.tries = self.at_once = self.most_at_once = 0
        self.written: list[int] = []

    async def write(self, value: int) -> None:
        self.tries += 1
        is_away = self.tries <= self.away
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if is_away:
            raise StoreUnavailableError("away")
        self.written.append(value)


async def no_wait(seconds: float) -> None:
    await asyncio.sleep(0)


def test_what_is_begun_is_written_when_the_store_is_back() -> None:
    async def run() -> None:
        store, later = Store(away=100), LaterWrites(no_wait)
        for value in range(30):
            later.begin(lambda value=value: store.write(value))  # type: ignore[misc]
        assert store.written == []
        await later.close()
        assert sorted(store.written) == list(range(30))
        assert store.most_at_once == 16
        await later.close()

    asyncio.run(run())


def test_where_it_matters_they_are_written_in_their_order() -> None:
    async def run(*, in_order: bool) -> list[int]:
        store, later = Store(away=1), LaterWrites(no_wait, in_order=in_order)
        for value in range(3):
            later.begin(lambda value=value: store.write(value))  # type: ignore[misc]
        await later.close()
        return store.written

    assert asyncio.run(run(in_order=True)) == [0, 1, 2]
    assert asyncio.run(run(in_order=False)) == [1, 2, 0]


def test_a_store_that_was_away_for_hours_is_written_to() -> None:
    async def run() -> list[int]:
        store, later = Store(away=4 * 3600), LaterWrites(no_wait)
        await later.begin(lambda: store.write(1))
        return store.written

    assert asyncio.run(run()) == [1]


def test_a_store_that_never_comes_back_is_given_up() -> None:
    async def run() -> int:
        store, later = Store(away=1000), LaterWrites(no_wait, tries=5)
        await later.begin(lambda: store.write(1))
        return store.tries

    assert asyncio.run(run()) == 5

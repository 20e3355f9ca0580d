"""A state that says when it goes away, and when it is back, and whose clock is known."""

from __future__ import annotations

import pytest

from runway_videos.store.shared_state import StoreUnavailableError, Swapped
from runway_videos.store.watched_state import WatchedState
from unit.loopback import in_a_loop
from unit.store.fake_state import FakeState


class ReadOnlyState(FakeState):
    """Takes no writes while it `refuses`, as a replica or a full Redis does."""

    def __init__(self) -> None:
        super().__init__(lambda: 0.0)
        self.refuses = False

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self._travel()
        self._refuse()
        await super().put(key, value, seconds)

    async def swap(self, key: str, expected: bytes | None, value: bytes | None, seconds: float) -> Swapped:
        self._refuse()
        return await super().swap(key, expected, value, seconds)

    def _refuse(self) -> None:
        if self.refuses:
            raise StoreUnavailableError("read only")


@pytest.fixture
def state() -> ReadOnlyState:
    return ReadOnlyState()


@pytest.fixture
def told() -> list[str | None]:
    return []


@pytest.fixture
def watched(state: ReadOnlyState, told: list[str | None]) -> WatchedState:
    return WatchedState(state, told.append)


@in_a_loop
async def test_it_is_told_once_when_it_goes_away_and_when_it_is_back(
    state: FakeState, watched: WatchedState, told: list[str | None]
) -> None:
    state.is_away = True
    for _ in range(3):
        with pytest.raises(StoreUnavailableError):
            await watched.get("a")
    assert watched.is_away
    state.is_away = False
    for _ in range(3):
        await watched.get("a")
    assert not watched.is_away
    assert told == ["away", None]


@pytest.mark.parametrize("write", ["put", "swap"])
@in_a_loop
async def test_one_that_takes_no_writes_is_away_until_it_takes_one(
    state: ReadOnlyState, watched: WatchedState, told: list[str | None], write: str
) -> None:
    state.refuses = True
    for _ in range(3):
        with pytest.raises(StoreUnavailableError):
            await watched.put("a", b"x", 9)
        await watched.get("a")
        await watched.get_many(["a"])
        await watched.items("list", 9)
        await watched.remove("list", b"x")  # a full one takes that
    assert watched.is_away
    assert told == ["read only"]
    state.refuses = False
    await (watched.put("a", b"x", 9) if write == "put" else watched.swap("a", None, b"x", 9))
    assert not watched.is_away
    assert told == ["read only", None]


@in_a_loop
async def test_a_read_that_fails_meanwhile_changes_nothing(
    state: ReadOnlyState, watched: WatchedState, told: list[str | None]
) -> None:
    state.refuses = True
    with pytest.raises(StoreUnavailableError):
        await watched.put("a", b"x", 9)
    state.is_away = True
    with pytest.raises(StoreUnavailableError):
        await watched.get("a")
    state.is_away = False
    await watched.get("a")
    assert watched.is_away
    assert told == ["read only"]


@in_a_loop
async def test_its_time_is_the_store_s_whatever_this_machine_s_clock_says() -> None:
    passed, stored, unix = 0.0, 1_000.0, 1_030.0
    state = WatchedState(
        FakeState(lambda: stored + passed), lambda problem: None, lambda: 7.0 + passed, lambda: unix
    )
    assert state.now() == unix  # nothing else is known yet
    assert await state.time() == state.now() == stored
    passed, unix = 5.0, 0.0
    assert state.now() == stored + 5

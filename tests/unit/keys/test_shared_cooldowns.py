"""What one process learned of a key, all others know."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from runway_videos.keys.cooldowns import CooldownChange
from runway_videos.keys.pool import Key, KeyPool, KeyReport
from runway_videos.keys.shared_cooldowns import SharedCooldowns
from unit.store.fake_state import FakeState

NOW = 1_700_000_000.0
MODEL = "gen4.5"


class World:
    """Processes that share a state; each has a clock of its own beside the time of all."""

    def __init__(self) -> None:
        self.now = NOW
        self.state = FakeState(lambda: self.now)


class Process:
    """A pool with one key, which a second is told of."""

    def __init__(self, world: World, started: float, names: str = "ab") -> None:
        self.learned: list[CooldownChange] = []
        clock = lambda: world.now - NOW + started  # noqa: E731
        self.shared = SharedCooldowns(world.state, self._learn, clock, lambda: world.now)
        self.pool = KeyPool([Key(name, f"value of {name}") for name in names], clock, self.shared.tell)

    def _learn(self, change: CooldownChange) -> None:
        self.learned.append(change)
        self.pool.learn(change)

    def fails(self, name: str, report: KeyReport) -> None:
        """Two different requests fail."""
        for request in (b"1", b"2"):
            self.pool.report(name, MODEL, report, "Runway's own words", request)

    def picks(self) -> set[str]:
        """The keys that creates go to."""
        found = set()
        for _ in range(4):
            picked = self.pool.pick(MODEL)
            if picked is not None:
                found.add(picked.key.name)
                self.pool.end(picked, made=True)
        return found


def shared(test: Callable[[World, Process, Process], Awaitable[None]]) -> Callable[[], None]:
    def run() -> None:
        async def start() -> None:
            world = World()
            await test(world, Process(world, 100), Process(world, 90_000))

        asyncio.run(start())

    run.__name__ = test.__name__
    return run


@shared
async def test_a_cooldown_begins_and_ends_for_all(world: World, one: Process, other: Process) -> None:
    one.fails("a", KeyReport.NO_CREDITS)
    await one.shared.exchange()
    await other.shared.exchange()
    assert one.picks() == other.picks() == {"b"}
    assert "Runway's own words" in {change.reason for change in other.learned}
    world.now += 1
    other.pool.report("a", MODEL, KeyReport.TASK_MADE)
    await other.shared.exchange()
    await one.shared.exchange()
    assert one.picks() == other.picks() == {"a", "b"}


@shared
async def test_it_lasts_as_long_for_all(world: World, one: Process, other: Process) -> None:
    one.fails("a", KeyReport.MODEL_UNAVAILABLE)
    await one.shared.exchange()
    await other.shared.exchange()
    world.now += 599
    assert other.picks() == {"b"}
    world.now += 2
    assert one.picks() == other.picks() == {"a", "b"}


@shared
async def test_the_last_word_counts_whoever_writes_first(world: World, one: Process, other: Process) -> None:
    one.fails("a", KeyReport.NO_CREDITS)
    world.now += 1
    other.fails("a", KeyReport.NO_CREDITS)
    other.pool.report("a", MODEL, KeyReport.TASK_MADE)
    await other.shared.exchange()
    await one.shared.exchange()
    await other.shared.exchange()
    assert one.picks() == other.picks() == {"a", "b"}


@shared
async def test_both_write_at_once_and_nothing_is_lost(world: World, one: Process, other: Process) -> None:
    one.fails("a", KeyReport.NO_CREDITS)
    other.fails("b", KeyReport.UNAUTHORIZED)
    await asyncio.gather(one.shared.exchange(), other.shared.exchange())
    await asyncio.gather(one.shared.exchange(), other.shared.exchange())
    assert one.picks() == other.picks() == set()


@shared
async def test_what_could_not_be_written_is_written_later(world: World, one: Process, other: Process) -> None:
    world.state.is_away = True
    one.fails("a", KeyReport.NO_CREDITS)
    one.shared.start()
    await asyncio.sleep(0)
    world.state.is_away = False
    await one.shared.exchange()
    await one.shared.close()
    await other.shared.exchange()
    assert other.picks() == {"b"}


@shared
async def test_a_running_process_tells_at_once(world: World, one: Process, other: Process) -> None:
    one.shared.start()
    await asyncio.sleep(0.01)
    one.fails("a", KeyReport.NO_CREDITS)
    await asyncio.sleep(0.05)
    await one.shared.close()
    await other.shared.exchange()
    assert other.picks() == {"b"}


@shared
async def test_a_key_that_is_not_configured_here_is_passed_over(
    world: World, one: Process, other: Process
) -> None:
    alone = Process(world, 0, names="b")
    one.fails("a", KeyReport.NO_CREDITS)
    await one.shared.exchange()
    await alone.shared.exchange()
    assert alone.picks() == {"b"}

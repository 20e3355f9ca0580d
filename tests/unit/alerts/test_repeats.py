"""When repeats are a storm."""

from __future__ import annotations

from runway_videos.alerts.repeats import STORM_REPEATS, STORM_SECONDS, Repeats


def test_so_many_within_a_minute_are_a_storm_once() -> None:
    repeats = Repeats()
    found = [repeats.add("app", number * 0.1) for number in range(2 * STORM_REPEATS - 1)]
    assert found.index(True) == STORM_REPEATS - 1
    assert found.count(True) == 1
    assert repeats.add("app", 10.0)


def test_slower_ones_and_those_of_several_callers_are_none() -> None:
    repeats = Repeats()
    apart = STORM_SECONDS / (STORM_REPEATS - 1) + 0.01
    assert not any(repeats.add("app", number * apart) for number in range(100))
    assert not any(repeats.add(f"app-{number % 3}", 1000.0) for number in range(3 * (STORM_REPEATS - 1)))

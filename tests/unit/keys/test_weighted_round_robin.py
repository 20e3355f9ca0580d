"""Shares stay within one turn of exact, whatever the weights."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import example, given, settings
from hypothesis import strategies as st

from runway_videos.keys.weighted_round_robin import WeightedRoundRobin

WEIGHTS = st.one_of(
    st.integers(1, 100).map(float),
    st.sampled_from([0.1, 0.2, 0.3, 0.7, 1e-3, 2.5, 1e6]),
    st.floats(0.01, 1000, allow_nan=False),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(WEIGHTS, min_size=1, max_size=9), st.integers(1, 250))
@example([50.0, 50.0] + [1.0] * 10, 112)  # nginx's method strays by 1.27 here
@example([0.1] * 3 + [0.7], 100)
def test_every_share_is_within_one_turn_after_every_turn(weights: list[float], picks: int) -> None:
    turns = WeightedRoundRobin()
    names = {f"k{number}": weight for number, weight in enumerate(weights)}
    exact = {name: Fraction(str(weight)) for name, weight in names.items()}
    total = sum(exact.values())
    got = dict.fromkeys(names, 0)
    for turn in range(1, picks + 1):
        got[turns.next(names)] += 1
        for name, weight in exact.items():
            assert abs(got[name] - turn * weight / total) < 1


def test_a_period_gives_each_exactly_its_weight() -> None:
    turns = WeightedRoundRobin()
    names = {"a": 0.5, "b": 0.3, "c": 0.2}
    period = [turns.next(names) for _ in range(10)]
    assert {name: period.count(name) for name in names} == {"a": 5, "b": 3, "c": 2}
    assert [turns.next(names) for _ in range(10)] == period


def test_turns_are_spread_and_equals_follow_the_given_order() -> None:
    turns = WeightedRoundRobin()
    assert [turns.next({"a": 1, "b": 1, "c": 1}) for _ in range(6)] == list("abcabc")
    heavy = "".join(turns.next({"x": 5, "y": 1, "z": 1}) for _ in range(14))
    assert "xxxx" not in heavy
    assert heavy.count("y") == heavy.count("z") == 2


def test_each_set_keeps_its_own_state() -> None:
    turns = WeightedRoundRobin()
    both, lone = {"a": 1.0, "b": 1.0}, {"a": 1.0}
    assert turns.next(both) == "a"
    assert [turns.next(lone) for _ in range(5)] == ["a"] * 5
    assert turns.next(both) == "b"  # the five were not counted against a


def test_the_sets_that_are_kept_are_bounded_and_the_oldest_starts_anew() -> None:
    turns = WeightedRoundRobin(max_sets=2)
    assert turns.next({"a": 1.0, "b": 1.0}) == "a"
    turns.next({"a": 1.0, "c": 1.0})
    turns.next({"b": 1.0, "c": 1.0})
    assert turns.next({"a": 1.0, "b": 1.0}) == "a"
    assert len(turns._sets) == 2

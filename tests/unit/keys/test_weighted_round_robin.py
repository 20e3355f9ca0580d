"""Shares stay within one turn of exact, whatever the weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction

from hypothesis import example, given, settings
from hypothesis import strategies as st

from runway_videos.keys.weighted_round_robin import MAX_TURNS_AHEAD, ReservedTurn, WeightedRoundRobin

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
        got[turns.next(names).name] += 1
        for name, weight in exact.items():
            assert abs(got[name] - turn * weight / total) < 1


def test_a_period_gives_each_exactly_its_weight() -> None:
    turns = WeightedRoundRobin()
    names = {"a": 0.5, "b": 0.3, "c": 0.2}
    period = [turns.next(names).name for _ in range(10)]
    assert {name: period.count(name) for name in names} == {"a": 5, "b": 3, "c": 2}
    assert [turns.next(names).name for _ in range(10)] == period


def test_turns_are_spread_and_equals_follow_the_given_order() -> None:
    turns = WeightedRoundRobin()
    assert [turns.next({"a": 1, "b": 1, "c": 1}).name for _ in range(6)] == list("abcabc")
    heavy = "".join(turns.next({"x": 5, "y": 1, "z": 1}).name for _ in range(14))
    assert "xxxx" not in heavy
    assert heavy.count("y") == heavy.count("z") == 2


def test_each_set_keeps_its_own_state() -> None:
    turns = WeightedRoundRobin()
    both, lone = {"a": 1.0, "b": 1.0}, {"a": 1.0}
    assert turns.next(both).name == "a"
    assert [turns.next(lone).name for _ in range(5)] == ["a"] * 5
    assert turns.next(both).name == "b"  # the five were not counted against a


def test_the_sets_that_are_kept_are_bounded_and_the_oldest_starts_anew() -> None:
    turns = WeightedRoundRobin(max_sets=2)
    assert turns.next({"a": 1.0, "b": 1.0}).name == "a"
    turns.next({"a": 1.0, "c": 1.0})
    turns.next({"b": 1.0, "c": 1.0})
    assert turns.next({"a": 1.0, "b": 1.0}).name == "a"
    assert turns.next({"a": 1.0, "c": 1.0}).name == "a"  # else c would be due


def furthest_off(weights: Mapping[str, float], made: Mapping[str, int]) -> Fraction:
    """How many turns the name that is worst off has too many or too few."""
    exact = {name: Fraction(str(weight)) for name, weight in weights.items()}
    share = Fraction(sum(made.values())) / sum(exact.values())
    return max(abs(made.get(name, 0) - weight * share) for name, weight in exact.items())


@settings(max_examples=80, deadline=None)
@given(st.lists(WEIGHTS, min_size=1, max_size=6), st.lists(st.booleans(), max_size=200))
@example([1.0, 1.0], [True, False] * 100)  # every second one makes nothing
@example([3.0, 1.0], [True, False, True, True] * 50)
def test_turns_that_made_nothing_are_given_back(weights: list[float], makes: list[bool]) -> None:
    turns = WeightedRoundRobin()
    names = {f"k{number}": weight for number, weight in enumerate(weights)}
    made: Counter[str] = Counter()
    for makes_one in makes:
        turn = turns.next(names)
        if makes_one:
            turn.keep()
            made[turn.name] += 1
        else:
            turn.give_back()
        assert furthest_off(names, made) < 1


HISTORIES = st.lists(st.tuples(st.sampled_from(["take", "make", "fail"]), st.integers(0, 99)), max_size=120)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.integers(1, 9).map(float), min_size=1, max_size=5), HISTORIES)
def test_turns_in_flight_count_until_they_are_given_back(
    weights: list[float], history: list[tuple[str, int]]
) -> None:
    """Off by more than one only by what failed beside others, and never for long."""
    turns = WeightedRoundRobin()
    names = {f"k{number}": weight for number, weight in enumerate(weights)}
    flying: list[ReservedTurn] = []
    taken: Counter[str] = Counter()
    failed = 0
    for what, number in history:
        if what == "take":
            flying.append(turns.next(names))
            taken[flying[-1].name] += 1
        elif flying:
            turn = flying.pop(number % len(flying))
            if what == "make":
                turn.keep()
            else:
                turn.give_back()
                taken[turn.name] -= 1
                failed += 1
        assert furthest_off(names, taken) < 1 + failed
    for _ in range((1 + failed) * int(sum(weights))):
        turn = turns.next(names)
        turn.keep()
        taken[turn.name] += 1
    for _ in range(int(sum(weights))):
        taken[turns.next(names).name] += 1
        assert furthest_off(names, taken) < 1


def test_who_stands_in_for_another_has_had_a_turn() -> None:
    turns = WeightedRoundRobin()
    names = {"a": 1.0, "b": 1.0}
    failed = turns.next(names)
    failed.give_back()
    turn = turns.next(names, among=["b"])
    turn.keep()
    assert (failed.name, turn.name) == ("a", "b")
    assert [turns.next(names).name for _ in range(3)] == ["a", "a", "b"]


def test_turns_that_are_owed_are_bounded() -> None:
    turns = WeightedRoundRobin()
    names = {"a": 1.0, "b": 1.0}
    for _ in range(500):
        turns.next(names, among=["b"]).keep()
    owed = "".join(turns.next(names).name for _ in range(60))
    assert MAX_TURNS_AHEAD < owed.index("b") <= 2 * MAX_TURNS_AHEAD + 1

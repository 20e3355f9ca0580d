"""Random histories of clients, processes and one store: no wish is paid twice, no two share a video."""

from __future__ import annotations

import pytest

from unit.idempotency.shared_world import Odds, Result, history

pytestmark = pytest.mark.slow

SEEDS = range(6)


def over(wishes: int, odds: Odds, apart: float, *, equal: bool = True) -> Result:
    """The sums over all seeds, with three processes."""
    found = [history(seed, wishes, odds, 3, apart, equal=equal) for seed in SEEDS]
    return Result(*(sum(getattr(each, name) for each in found) for name in Result.__struct_fields__))


@pytest.mark.parametrize(
    ("odds", "apart"),
    [(Odds(), 0.3), (Odds(refused=0.3), 0.3), (Odds(refused=0.2, leaves=0.3), 0.3), (Odds(leaves=0.4), 5)],
    ids=["plain", "refused", "leaving", "leaving, far apart"],
)
def test_equal_wishes_at_any_process_are_paid_once(odds: Odds, apart: float) -> None:
    assert over(60, odds, apart) == Result()


@pytest.mark.parametrize("equal", [True, False], ids=["equal", "different"])
@pytest.mark.parametrize("apart", [0.5, 10])
def test_processes_that_are_killed_make_no_wish_paid_twice(apart: float, equal: bool) -> None:
    result = over(60, Odds(killed=0.15, leaves=0.3, refused=0.2), apart, equal=equal)
    assert (result.beyond, result.shared, result.without) == (0, 0, 0)


@pytest.mark.parametrize("equal", [True, False], ids=["equal", "different"])
def test_a_store_that_goes_away_and_comes_back_makes_no_wish_paid_twice(equal: bool) -> None:
    result = over(60, Odds(away=0.3, leaves=0.3), 1, equal=equal)
    assert (result.beyond, result.without) == (0, 0)


@pytest.mark.parametrize("killed", [0.0, 0.15], ids=["", "killed"])
@pytest.mark.parametrize("equal", [True, False], ids=["equal", "different"])
def test_answers_of_the_store_that_are_lost_make_no_wish_paid_twice(killed: float, equal: bool) -> None:
    result = over(60, Odds(lost=0.1, leaves=0.3, refused=0.2, killed=killed), 1, equal=equal)
    assert (result.beyond, result.without) == (0, 0)


def test_without_what_is_written_before_sending_wishes_are_paid_twice() -> None:
    """The histories find it."""
    odds = Odds(killed=0.3, leaves=0.3, unwritten=1.0)
    assert over(60, odds, 10, equal=False).beyond > 5

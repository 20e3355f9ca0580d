"""What keys' organisations have left, and which keys cannot pay for a create."""

from __future__ import annotations

from typing import Any

import pytest

from runway_videos.keys import balances
from runway_videos.keys.balances import MAX_AGE_SECONDS, Balance, Balances, DailyUse
from runway_videos.keys.cooldowns import KeyReport
from runway_videos.keys.pool import Key, KeyPool


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_was_made_here_is_taken_off_until_the_next_answer() -> None:
    known = Balances(Time())
    assert known.of("a") is None
    known.spend("a", 10)
    known.learn("a", Balance(100))
    known.spend("a", 30)
    assert known.of("a") == Balance(70)
    known.learn("a", Balance(90))
    assert known.of("a") == Balance(90)
    known.forget("b")
    known.forget("a")
    assert known.of("a") is None


def test_an_answer_is_believed_for_a_while() -> None:
    time = Time()
    known = Balances(time)
    known.learn("a", Balance(0))
    time.now = MAX_AGE_SECONDS
    assert known.short_of(1) == {"a"}
    time.now += 1
    assert (known.of("a"), known.short_of(1)) == (None, frozenset())


def test_a_key_is_short_where_its_balance_is_less_than_the_price() -> None:
    known = Balances(Time())
    for name, credits in (("none", 0), ("some", 50), ("rich", 5000)):
        known.learn(name, Balance(credits))
    assert known.short_of(50) == {"none"}
    assert known.short_of(50.5) == {"none", "some"}
    assert known.short_of(None) == {"none"}


@pytest.mark.parametrize(
    ("organization", "found"),
    [
        ({"creditBalance": 12}, Balance(12)),
        (
            {
                "creditBalance": 12.5,
                "tier": {"models": {"m": {"maxDailyGenerations": 20}, "n": {"maxDailyGenerations": None}}},
                "usage": {"models": {"m": {"dailyGenerations": 3}}},
            },
            Balance(12.5, {"m": DailyUse(3, 20)}),
        ),
        (
            {"creditBalance": 1, "tier": {"models": {"m": {"maxDailyGenerations": 20}}}, "usage": 7},
            Balance(1, {"m": DailyUse(0, 20)}),
        ),
        ({"creditBalance": 1, "tier": {"models": ["m"]}}, Balance(1)),
        ({"creditBalance": True}, None),
        ({"creditBalance": "12"}, None),
        ({}, None),
    ],
)
def test_runways_answer_is_read(organization: dict[str, Any], found: Balance | None) -> None:
    assert balances.read(organization) == found


def test_a_key_that_cannot_pay_is_passed_over_while_another_can() -> None:
    pool = KeyPool([Key("poor", "key_1", weight=9), Key("rich", "key_2")], lambda: 0.0)
    names = []
    for _ in range(4):
        picked = pool.pick("m", short={"poor"})
        assert picked is not None
        pool.end(picked, made=True)
        names.append(picked.key.name)
    assert names == ["rich"] * 4


def test_where_no_other_key_is_left_it_is_asked_all_the_same() -> None:
    pool = KeyPool([Key("poor", "key_1"), Key("rich", "key_2")], lambda: 0.0)
    pool.confirm("rich", "m", KeyReport.DAILY_LIMIT)
    picked = pool.pick("m", short={"poor"})
    assert picked is not None
    assert picked.key.name == "poor"


def test_a_key_with_room_that_cannot_pay_stands_behind_a_full_one_that_can() -> None:
    pool = KeyPool([Key("poor", "key_1"), Key("full", "key_2")], lambda: 0.0)
    pool.report("full", "m", KeyReport.QUEUE_FULL)
    picked = pool.pick("m", short={"poor"})
    assert picked is not None
    assert picked.key.name == "full"

"""Who takes a create, and what is said when nobody does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from runway_videos.keys.pool import Key, KeyPool, Outcome


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def key(name: str, *models: str, weight: float = 1.0) -> Key:
    return Key(name=name, value=f"secret-{name}", models=models or ("*",), weight=weight)


def names(pool: KeyPool, count: int, model: str = "gen4.5") -> list[str]:
    picked = [pool.pick(model) for _ in range(count)]
    return [each.name for each in picked if each]


def test_weights_share_the_creates_and_weight_0_gets_none_but_is_found(clock: Clock) -> None:
    pool = KeyPool([key("a", weight=3), key("b"), key("old", weight=0)], clock)
    assert Counter(names(pool, 400)) == {"a": 300, "b": 100}
    old = pool.get("old")
    assert old is not None
    assert old.value == "secret-old"
    assert pool.get("unknown") is None


@pytest.mark.parametrize(
    ("pattern", "model", "fits"),
    [
        ("*", "gen4.5", True),
        ("gen4*", "gen4.5", True),
        ("gen4*", "veo3.1", False),
        ("runway/gen4*", "gen4.5", True),
        ("runway/*", "veo3.1", True),
        ("gen4.5", "gen4x5", False),
        ("GEN4.5", "gen4.5", False),
        ("seedance2_?", "seedance2_5", True),
    ],
)
def test_patterns(pattern: str, model: str, fits: bool) -> None:
    assert key("a", pattern).takes(model) is fits


def test_a_model_goes_to_the_keys_that_are_open_to_it(clock: Clock) -> None:
    pool = KeyPool([key("a", "gen4*"), key("b", "veo*", "gen4.5")], clock)
    assert names(pool, 4, "gen4_turbo") == ["a"] * 4
    assert names(pool, 2, "veo3.1") == ["b"] * 2
    assert sorted(names(pool, 4)) == ["a", "a", "b", "b"]


def test_a_tried_key_is_not_picked_again(clock: Clock) -> None:
    pool = KeyPool([key("a"), key("b")], clock)
    second = pool.pick("m", tried={"a"})
    assert second is not None
    assert second.name == "b"
    assert pool.pick("m", tried={"a", "b"}) is None


def test_a_resting_key_comes_back_and_the_share_of_the_whole_set_goes_on(clock: Clock) -> None:
    pool = KeyPool([key("a"), key("b")], clock)
    assert names(pool, 1) == ["a"]
    pool.report("a", "gen4.5", Outcome.NO_CREDITS, "none left")
    assert names(pool, 3) == ["b"] * 3
    clock.now += 300
    assert names(pool, 2) == ["b", "a"]


def test_a_refused_key_is_tried_by_one_create(clock: Clock) -> None:
    pool = KeyPool([key("a"), key("b")], clock)
    pool.report("a", "gen4.5", Outcome.REFUSED)
    clock.now += 600
    picked = names(pool, 6)
    assert picked.count("a") == 1
    pool.release("a")
    assert names(pool, 4).count("a") == 1
    pool.report("a", "gen4.5", Outcome.MADE)
    assert names(pool, 4).count("a") == 2


def test_a_key_without_room_gets_less_while_another_has_some(clock: Clock) -> None:
    pool = KeyPool([key("a", weight=9), key("b")], clock)
    pool.report("a", "gen4.5", Outcome.THROTTLED)
    assert names(pool, 5) == ["b"] * 5
    assert Counter(names(pool, 10, "other")) == {"a": 9, "b": 1}
    pool.report("b", "gen4.5", Outcome.THROTTLED)
    assert Counter(names(pool, 10)) == {"a": 9, "b": 1}  # nobody has room: by weight
    pool.report("a", "gen4.5", Outcome.MOVING)
    assert names(pool, 3) == ["a"] * 3
    clock.now += 60
    assert Counter(names(pool, 10)) == {"a": 9, "b": 1}


def test_a_report_on_a_key_of_an_earlier_configuration_is_passed_over(clock: Clock) -> None:
    pool = KeyPool([key("a")], clock)
    pool.report("gone", "gen4.5", Outcome.NO_CREDITS)
    pool.release("gone")
    assert names(pool, 1) == ["a"]


@pytest.mark.parametrize(
    ("keys", "status", "code", "retry", "refusal"),
    [
        ([], 503, "no_runway_key", False, "RUNWAY_API_KEY"),
        ([key("a", weight=0)], 503, "no_runway_key", False, "weight 0"),
        ([key("a", "veo*")], 403, "model_not_available", None, "'gen4.5'"),
        ([key("a", "veo*"), key("b", weight=0)], 403, "model_not_available", None, "'gen4.5'"),
    ],
)
def test_configurations_that_have_nobody(
    clock: Clock, keys: list[Key], status: int, code: str, retry: bool | None, refusal: str
) -> None:
    pool = KeyPool(keys, clock)
    assert pool.pick("gen4.5") is None
    error = pool.no_key_error("gen4.5")
    assert (error.status, error.code, error.retry) == (status, code, retry)
    assert refusal in error.message


Report = tuple[str, Outcome]

# Best last: each line's cause decides over those of the lines above it.
CAUSES: list[tuple[Outcome, int, str, str, bool | None]] = [
    (Outcome.MODEL_CLOSED, 403, "model_not_available", "permission_error", None),
    (Outcome.REFUSED, 503, "runway_key_refused", "server_error", False),
    (Outcome.NO_CREDITS, 429, "insufficient_quota", "insufficient_quota", False),
    (Outcome.DAILY_LIMIT, 429, "rate_limit_exceeded", "rate_limit_error", None),
]


@pytest.mark.parametrize("number", range(len(CAUSES)))
def test_the_cause_that_passes_soonest_decides_and_every_reason_is_told(clock: Clock, number: int) -> None:
    pool = KeyPool([key(cause.name) for cause, *_ in CAUSES[: number + 1]], clock)
    for cause, *_ in CAUSES[: number + 1]:
        pool.report(cause.name, "gen4.5", cause, f"Runway says {cause.name}.")
    assert pool.pick("gen4.5") is None
    error = pool.no_key_error("gen4.5")
    _, status, code, kind, retry = CAUSES[number]
    assert (error.status, error.code, error.type, error.retry) == (status, code, kind, retry)
    for cause, *_ in CAUSES[: number + 1]:
        assert f"Runway says {cause.name}." in error.message
        assert cause.name in error.detail  # the key's name: for the log alone
    assert "NO_CREDITS" not in error.message.replace("says NO_CREDITS", "")


def test_a_daily_limit_says_when_the_next_try_can_help(clock: Clock) -> None:
    pool = KeyPool([key("a"), key("b")], clock)
    pool.report("a", "gen4.5", Outcome.DAILY_LIMIT)
    clock.now += 600.5
    pool.report("b", "gen4.5", Outcome.DAILY_LIMIT)
    assert pool.no_key_error("gen4.5").retry_after == 3000
    pool.report("b", "gen4.5", Outcome.NO_CREDITS)
    assert pool.no_key_error("gen4.5").retry_after == 300


def test_a_key_tried_in_vain_without_a_mark_is_worth_a_retry(clock: Clock) -> None:
    pool = KeyPool([key("a"), key("b")], clock)
    pool.report("b", "gen4.5", Outcome.NO_CREDITS, "none left")
    error = pool.no_key_error("gen4.5", tried=["a"])
    assert (error.status, error.code, error.retry) == (503, "runway_unavailable", None)
    assert "a: tried in vain" in error.detail


def test_a_429_without_a_daily_limit_asks_for_patience(clock: Clock) -> None:
    pool = KeyPool([key("a")], clock)
    pool.report("a", "gen4.5", Outcome.THROTTLED, "Slow down")
    error = pool.no_key_error("gen4.5", tried=["a"])
    assert (error.status, error.code, error.retry) == (429, "rate_limit_exceeded", None)
    assert error.retry_after == 60
    assert "No room: Slow down" in error.message


def test_no_value_of_a_key_is_in_any_text(clock: Clock) -> None:
    one = key("a")
    pool = KeyPool([one, key("b", weight=0)], clock)
    pool.report("a", "gen4.5", Outcome.REFUSED, "Bad key secret-a\r\n\x1b[31m, sorry " + "x" * 999)
    error = pool.no_key_error("gen4.5")
    assert "Bad key *** [31m, sorry xxx" in error.message
    assert len(error.message) < 600
    shown: list[Callable[[object], str]] = [repr, str, lambda each: f"{each}"]
    texts = [show(each) for show in shown for each in (one, pool, error)]
    texts += [error.message, error.detail, str(one.__rich_repr__())]
    assert all("secret" not in text for text in texts)


def test_a_model_name_from_outside_is_shown_short_and_escaped(clock: Clock) -> None:
    message = KeyPool([key("a", "veo*")], clock).no_key_error("x\n\x1b" + "y" * 500).message
    assert message.isprintable()
    assert len(message) < 250


@pytest.mark.parametrize(
    ("keys", "refusal"),
    [
        ([key("a"), key("a")], "name a"),
        ([key("a", weight=-1)], "weight of a"),
        ([key("a", weight=float("nan"))], "weight of a"),
        ([key("a", weight=float("inf"))], "weight of a"),
    ],
)
def test_a_pool_that_cannot_be(clock: Clock, keys: list[Key], refusal: str) -> None:
    with pytest.raises(ValueError, match=refusal):
        KeyPool(keys, clock)

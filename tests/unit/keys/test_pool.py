"""Who takes a create, and what is said when nobody does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from runway_videos.keys.pool import Failure, Key, KeyPool, KeyReport
from unit.clocks import Clock


def key(name: str, *models: str, weight: float = 1.0) -> Key:
    return Key(name=name, value=f"secret-{name}", models=models or ("*",), weight=weight)


NOT_REACHED = Failure(None, "ConnectError")


def names(pool: KeyPool, count: int, model: str = "gen4.5") -> list[str]:
    """The keys that creates go out with, each of which makes a task."""
    picked = [pool.pick(model) for _ in range(count)]
    return [each.key.name for each in picked if each]


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
def test_patterns_decide_which_models_a_key_takes(pattern: str, model: str, fits: bool) -> None:
    assert key("a", pattern).takes(model) is fits


def test_a_model_goes_to_the_keys_that_are_open_to_it(clock: Clock) -> None:
    pool = KeyPool([key("a", "gen4*"), key("b", "veo*", "gen4.5")], clock)
    assert names(pool, 4, "gen4_turbo") == ["a"] * 4
    assert names(pool, 2, "veo3.1") == ["b"] * 2
    assert sorted(names(pool, 4)) == ["a", "a", "b", "b"]


def test_a_tried_key_is_not_picked_again(clock: Clock) -> None:
    pool = KeyPool([key("a"), key("b")], clock)
    second = pool.pick("m", {"a": NOT_REACHED})
    assert second is not None
    assert second.key.name == "b"
    assert pool.pick("m", {"a": NOT_REACHED, "b": NOT_REACHED}) is None


def test_a_key_comes_back_after_its_cooldown_and_the_share_of_the_whole_set_goes_on(clock: Clock) -> None:
    pool = KeyPool([key("a"), key("b")], clock)
    assert names(pool, 1) == ["a"]
    pool.confirm("a", "gen4.5", KeyReport.NO_CREDITS, "none left")
    assert names(pool, 3) == ["b"] * 3
    clock.now += 300
    assert names(pool, 2) == ["b", "a"]


def test_a_refused_key_is_tried_by_one_create(clock: Clock) -> None:
    pool = KeyPool([key("a"), key("b")], clock)
    pool.confirm("a", "gen4.5", KeyReport.UNAUTHORIZED)
    clock.now += 600
    picked = [pool.pick("gen4.5") for _ in range(6)]
    (trial,) = [each for each in picked if each and each.key.name == "a"]
    pool.end(trial, made=False)
    assert names(pool, 4).count("a") == 1
    pool.report("a", "gen4.5", KeyReport.TASK_MADE)
    assert names(pool, 4).count("a") == 2


def test_a_key_without_room_gets_less_while_another_has_some(clock: Clock) -> None:
    pool = KeyPool([key("a", weight=9), key("b")], clock)
    pool.report("a", "gen4.5", KeyReport.QUEUE_FULL)
    assert names(pool, 5) == ["b"] * 5
    assert Counter(names(pool, 10, "other")) == {"a": 9, "b": 1}
    pool.report("b", "gen4.5", KeyReport.QUEUE_FULL)
    assert Counter(names(pool, 10)) == {"a": 9, "b": 1}  # nobody has room: by weight
    pool.report("a", "gen4.5", KeyReport.QUEUE_MOVING)
    assert names(pool, 3) == ["a"] * 3
    clock.now += 60
    assert Counter(names(pool, 10)) == {"a": 9, "b": 1}


def test_a_report_on_a_key_of_an_earlier_configuration_is_passed_over(clock: Clock) -> None:
    pool = KeyPool([key("a")], clock)
    assert not pool.report("gone", "gen4.5", KeyReport.NO_CREDITS)
    pool.confirm("gone", "gen4.5", KeyReport.NO_CREDITS)
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
def test_pool_without_an_open_key_says_why(
    clock: Clock, keys: list[Key], status: int, code: str, retry: bool | None, refusal: str
) -> None:
    pool = KeyPool(keys, clock)
    assert pool.pick("gen4.5") is None
    error = pool.no_key_error("gen4.5")
    assert (error.status, error.code, error.retry) == (status, code, retry)
    assert refusal in error.message


def test_no_value_of_a_key_is_in_any_text(clock: Clock) -> None:
    one = key("a")
    pool = KeyPool([one, key("b", weight=0)], clock)
    words = "Bad key secret-a\r\n\x1b[31m, sorry " + "x" * 999
    pool.confirm("a", "gen4.5", KeyReport.UNAUTHORIZED, words)
    error = pool.no_key_error("gen4.5", {"a": Failure(KeyReport.UNAUTHORIZED, words)})
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
def test_wrong_keys_make_no_pool(clock: Clock, keys: list[Key], refusal: str) -> None:
    with pytest.raises(ValueError, match=refusal):
        KeyPool(keys, clock)


def test_a_turn_that_made_nothing_is_given_back(clock: Clock) -> None:
    pool = KeyPool([key("a"), key("b")], clock)
    for _ in range(5):
        picked = pool.pick("m")
        assert picked is not None
        assert picked.key.name == "a"
        pool.end(picked, made=False)
    assert names(pool, 4, "m") == ["a", "b", "a", "b"]


def test_who_stood_in_for_a_key_that_failed_has_had_a_turn(clock: Clock) -> None:
    pool = KeyPool([key("a"), key("b")], clock)
    picked = pool.pick("m")
    assert picked is not None
    pool.end(picked, made=False)
    second = pool.pick("m", {"a": NOT_REACHED})
    assert second is not None
    pool.end(second, made=True)
    assert [picked.key.name, second.key.name, *names(pool, 3, "m")] == ["a", "b", "a", "a", "b"]


def test_a_key_with_a_full_queue_is_owed_nothing_for_that_time(clock: Clock) -> None:
    pool = KeyPool([key("a"), key("b")], clock)
    pool.report("a", "m", KeyReport.QUEUE_FULL)
    assert names(pool, 6, "m") == ["b"] * 6
    clock.now += 60
    assert names(pool, 4, "m") == ["a", "b", "a", "b"]


def test_a_model_is_served_where_some_key_may_create_with_it() -> None:
    keys = [
        Key("a", "x", models=("gen4*",)),
        Key("b", "y", models=("runway/aleph2",)),
        Key("c", "z", weight=0),
    ]
    pool = KeyPool(keys, lambda: 0.0)
    assert [pool.serves(model) for model in ("gen4.5", "aleph2", "seedance2")] == [True, True, False]


def test_a_create_of_one_key_alone_goes_to_no_other(clock: Clock) -> None:
    pool = KeyPool([key("a", weight=3), key("b")], clock)
    picked = [pool.pick("m", only="b") for _ in range(4)]
    assert {each.key.name for each in picked if each} == {"b"}
    assert pool.pick("m", {"b": NOT_REACHED}, only="b") is None
    assert pool.no_key_error("m", {"b": NOT_REACHED}, only="b").code == "runway_unavailable"
    pool.confirm("b", "m", KeyReport.NO_CREDITS)
    assert pool.pick("m", only="b") is None
    assert pool.no_key_error("m", only="b").code == "insufficient_quota"
    assert pool.pick("m") is not None


@pytest.mark.parametrize(
    ("alone", "word"), [(key("b", weight=0), "weight 0"), (key("b", "gen4*"), "the model 'm'")]
)
def test_a_key_that_may_not_make_it_is_said_to_be_closed(clock: Clock, alone: Key, word: str) -> None:
    pool = KeyPool([key("a"), alone], clock)
    assert pool.pick("m", only="b") is None
    assert (pool.serves("m"), pool.serves("m", only="b")) == (True, False)
    error = pool.no_key_error("m", only="b")
    assert (error.status, error.code) == (403, "source_key_closed")
    assert word in error.message
    assert "secret" not in error.message

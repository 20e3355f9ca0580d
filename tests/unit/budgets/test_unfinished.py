"""The mapping of unfinished videos: no change is seen in those before it."""

from __future__ import annotations

import random

import msgspec
import pytest

from runway_videos.budgets.unfinished import Unfinished, UnfinishedVideos, plain


def video(since: int) -> Unfinished:
    return Unfinished(1, 2.0, float(since))


def of(*names: int) -> UnfinishedVideos:
    return UnfinishedVideos({str(each): video(each) for each in names})


def test_a_change_gives_another_and_leaves_this_one() -> None:
    first = of(1, 2)
    second = first.put("3", video(3))
    third = second.without("1")
    assert (first.oldest(), list(second), list(third)) == ("1", ["1", "2", "3"], ["2", "3"])
    assert third.put("2", video(4))["2"] == video(4)
    assert third["2"] == second["2"] == first["2"] == video(2)
    assert dict(first) == {"1": video(1), "2": video(2)}


def test_of_one_before_others_can_be_made() -> None:
    first = of(1, 2, 3)
    ways = [first.without(str(each)) for each in (1, 2, 3)]
    assert [list(each) for each in ways] == [["2", "3"], ["1", "3"], ["1", "2"]]
    assert list(first) == ["1", "2", "3"]


def test_what_is_not_there_cannot_be_taken_out_and_nothing_has_changed() -> None:
    first = of(1)
    with pytest.raises(KeyError):
        first.without("2")
    assert dict(first) == {"1": video(1)}
    assert dict(first.put("2", video(2))) == {"1": video(1), "2": video(2)}


def test_it_is_written_as_a_mapping() -> None:
    written = msgspec.msgpack.encode(of(1), enc_hook=plain)
    assert msgspec.msgpack.decode(written, type=dict[str, Unfinished]) == {"1": video(1)}
    with pytest.raises(TypeError):
        plain(object())


@pytest.mark.parametrize("seed", range(20))
def test_random_changes_of_any_of_them_are_as_of_copies(seed: int) -> None:
    choose, since = random.Random(seed), 0
    known: list[tuple[UnfinishedVideos, dict[str, Unfinished]]] = [(of(), {})]
    for _ in range(200):
        mapping, expected = choose.choice(known[-4:])
        name, expected = str(choose.randrange(8)), dict(expected)
        if name in expected:
            mapping = mapping.without(name)
            del expected[name]
        else:
            since += 1
            mapping = mapping.put(name, video(since))
            expected[name] = video(since)
        known.append((mapping, expected))
    for mapping, expected in choose.sample(known, len(known)):
        assert mapping == expected
        assert list(mapping) == list(expected)

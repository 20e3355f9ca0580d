"""Values of keys that were rotated while the process ran."""

from __future__ import annotations

from itertools import pairwise

from runway_videos.keys.earlier_values import MAX_VALUES, earlier_values
from runway_videos.keys.pool import Key


def test_what_a_key_was_is_remembered_the_newest_first() -> None:
    known = earlier_values({}, [Key("a", "1"), Key("b", "1")], [Key("a", "2"), Key("b", "1")])
    assert known == {"a": ("1",)}
    known = earlier_values(known, [Key("a", "2"), Key("b", "1")], [])
    assert known == {"a": ("2", "1"), "b": ("1",)}
    assert earlier_values(known, [], [Key("a", "1")]) == known


def test_a_value_stands_once_and_few_are_remembered() -> None:
    known: dict[str, tuple[str, ...]] = {}
    values = ["1", "2", "1", *map(str, range(3, 30))]
    for before, after in pairwise(values):
        known = earlier_values(known, [Key("a", before)], [Key("a", after)])
    assert len(known["a"]) == len(set(known["a"])) == MAX_VALUES
    assert known["a"][0] == "28"

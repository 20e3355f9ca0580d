"""Each item has one time; what was moved or dropped is not held any longer."""

from __future__ import annotations

import gc
import tracemalloc
import weakref

from runway_videos.idempotency.expiries import Expiries


class Item:
    """Something that can be seen to be held."""


def test_items_come_out_at_their_last_time_the_earliest_first() -> None:
    expiries: Expiries[str] = Expiries()
    expiries.set("a", 3)
    expiries.set("b", 2)
    expiries.set("c", 1)
    expiries.set("c", 5)  # later
    expiries.set("a", 1)  # earlier
    expiries.set("d", 1)
    expiries.drop("d")
    expiries.drop("none")
    assert list(expiries.due(0.5)) == []
    assert list(expiries.due(2)) == ["a", "b"]
    assert list(expiries.due(9)) == ["c"]
    assert list(expiries.due(9)) == []


def test_what_was_dropped_or_moved_out_is_not_held() -> None:
    expiries: Expiries[Item] = Expiries()
    item = Item()
    ref = weakref.ref(item)
    expiries.set(item, 600)
    expiries.set(item, 10)
    assert list(expiries.due(10)) == [item]
    del item
    gc.collect()
    assert ref() is None


def test_what_was_moved_takes_no_room_for_long() -> None:
    expiries: Expiries[int] = Expiries()
    tracemalloc.start()
    for item in range(2000):
        expiries.set(item, 600 + item)  # owed
        expiries.set(item, 10 + item)  # delivered
        expiries.drop(item)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 30_000
    for item in range(200):
        expiries.set(item, 600 + item)
        expiries.set(item, 200 - item)
    assert list(expiries.due(1000)) == list(range(199, -1, -1))

"""The queue of one webhook: bounded, each when its time has come, in order for each video."""

from __future__ import annotations

from runway_videos.webhooks.due_events import DueEvent, DueEvents


def event(task: str, type: str = "video.completed") -> DueEvent:
    return DueEvent(f"evt_{task}", type, task, f"video_{task}", 100.0, 3700.0)


def test_events_of_different_videos_are_given_out_as_they_came() -> None:
    due = DueEvents()
    for task in "abc":
        assert due.put(event(task))
    assert [found.task for _ in range(3) if (found := due.take(0.0))] == ["a", "b", "c"]
    assert due.take(1e9) is None
    assert len(due) == 3
    for task in "bac":
        due.remove(event(task))
    assert len(due) == 0


def test_of_a_video_the_second_waits_for_the_first() -> None:
    due = DueEvents()
    first, second = event("a", "video.failed"), event("a")
    due.put(first)
    due.put(second)
    assert due.take(0.0) == first
    assert due.take(1e9) is None
    due.put_back(first, 10.0)
    assert due.take(9.0) is None
    assert due.take(10.0) == first
    due.remove(first)
    assert due.take(0.0) == second


def test_an_event_that_waits_lets_others_pass() -> None:
    due = DueEvents()
    due.put(event("a"))
    taken = due.take(0.0)
    assert taken is not None
    due.put_back(taken, 50.0)
    due.put(event("b"))
    assert due.take(0.0) == event("b")
    assert due.take(49.0) is None
    due.hurry()
    assert due.take(0.0) == taken


def test_there_is_room_for_so_many() -> None:
    due = DueEvents(max_events=2)
    assert [due.put(event(task)) for task in "abc"] == [True, True, False]
    assert due.take(0.0) == event("a")
    assert not due.put(event("c"))  # one under way counts
    due.remove(event("a"))
    assert due.put(event("c"))

"""Videos that have not ended: how many, for how long, and of whom."""

from __future__ import annotations

from runway_videos.observe.unfinished_by_hour import MAX_HOURS, UnfinishedByHour

HOUR = 3600.0


class Hours:
    """Videos, and a clock."""

    def __init__(self, most: int = 100) -> None:
        self.now = 0.5 * HOUR
        self.videos = UnfinishedByHour(lambda: self.now, most)


def test_each_counts_until_its_end() -> None:
    hours = Hours()
    for task, caller in (("t1", "app"), ("t2", "web"), ("t3", "app"), ("t3", "app")):
        hours.videos.add(task, caller)
        hours.now += HOUR
    assert hours.videos.by_caller() == {"app": 2, "web": 1}
    for task in ("t1", "t2", "t2", "none"):
        hours.videos.remove(task)
    assert hours.videos.by_caller() == {"app": 1}


def test_one_that_nobody_asks_for_is_not_unfinished_for_ever() -> None:
    hours = Hours()
    hours.videos.add("t1", "app")
    hours.now += MAX_HOURS * HOUR
    hours.videos.add("t2", "app")
    assert hours.videos.by_caller() == {"app": 2}
    hours.now += HOUR
    assert hours.videos.by_caller() == {"app": 1}
    hours.videos.remove("t1")
    hours.now += MAX_HOURS * HOUR
    hours.videos.add("t3", "app")
    assert hours.videos.by_caller() == {"app": 1}


def test_the_oldest_are_forgotten_first() -> None:
    hours = Hours(most=3)
    for number in range(5):
        hours.videos.add(f"t{number}", f"caller-{number}")
        hours.now += HOUR
    assert hours.videos.by_caller() == {"caller-2": 1, "caller-3": 1, "caller-4": 1}
    for number in range(2, 5):
        hours.videos.remove(f"t{number}")
    assert hours.videos.by_caller() == {}

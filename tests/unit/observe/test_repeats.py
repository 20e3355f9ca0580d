"""When repeats are a storm."""

from __future__ import annotations

from runway_videos import events
from runway_videos.errors import ApiError
from runway_videos.events import CallRefused, Event, RepeatStorm, RetryJoined
from runway_videos.idempotency import refusals
from runway_videos.observe.repeats import STORM_REPEATS, STORM_SECONDS, Repeats
from runway_videos.openai.routes import Operation, Route


class Watch:
    """Repeats, at times that the test says."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[Event] = []
        self.repeats = Repeats(self.told.append, lambda: self.now)

    def see(self, *seen: Event, apart: float = 0.0) -> None:
        for event in seen:
            self.repeats(event)
            self.now += apart


def test_so_many_within_a_minute_are_a_storm_once() -> None:
    watch = Watch()
    watch.see(*[RetryJoined("app")] * (STORM_REPEATS - 1), apart=0.1)
    assert watch.told == []
    watch.see(*[RetryJoined("app")] * STORM_REPEATS, apart=0.1)
    assert watch.told == [RepeatStorm("app", STORM_REPEATS, STORM_SECONDS)]
    watch.see(RetryJoined("app"))
    assert len(watch.told) == 2


def test_slower_ones_and_those_of_several_callers_are_none() -> None:
    watch = Watch()
    watch.see(*[RetryJoined("app")] * 100, apart=STORM_SECONDS / (STORM_REPEATS - 1) + 0.01)
    for _ in range(STORM_REPEATS - 1):
        watch.see(*(RetryJoined(f"app-{number}") for number in range(3)))
    assert watch.told == []


def test_repeats_of_an_unknown_outcome_count_and_the_outcome_itself_does_not() -> None:
    watch = Watch()

    def refused(error: ApiError) -> Event:
        return CallRefused(error, Route(Operation.CREATE), "app")

    watch.see(*[refused(refusals.process_ended()), refused(ApiError(400, "No."))] * 100)
    watch.see(events.FieldsIgnored(("user",)))
    assert watch.told == []
    watch.see(*[refused(refusals.repeated_unknown(refusals.process_ended()))] * STORM_REPEATS)
    assert len(watch.told) == 1

"""Events reach every sink, in order."""

from __future__ import annotations

from runway_videos.events import Event, Events, FieldsIgnored


def test_every_sink_is_told_of_every_event_in_order() -> None:
    told: list[tuple[str, Event]] = []
    events = Events(
        [lambda event: told.append(("first", event)), lambda event: told.append(("second", event))]
    )
    one, two = FieldsIgnored(("user",)), FieldsIgnored(("n",))
    events.emit(one)
    events.emit(two)
    assert told == [("first", one), ("second", one), ("first", two), ("second", two)]

"""Events reach every sink, in order."""

from __future__ import annotations

from runway_videos.events import Event, Events, FieldsIgnored


def test_every_sink_is_told_of_every_event_in_order() -> None:
    received: list[tuple[str, Event]] = []
    events = Events(
        [lambda event: received.append(("first", event)), lambda event: received.append(("second", event))]
    )
    one, two = FieldsIgnored(("user",)), FieldsIgnored(("n",))
    events.emit(one)
    events.emit(two)
    assert received == [("first", one), ("second", one), ("first", two), ("second", two)]

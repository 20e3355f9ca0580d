"""What every event has, and who is told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from runway_videos.request_context import current_request


class VideoFacts(msgspec.Struct, frozen=True):
    """A video in an event. `model` is as the client wrote it, `runway_model` and `mode` are Runway's.

    `runway_model` and `mode` are "" if another process created the video; `caller` "" is the local
    user. `sent`: fields of the Runway body that say more than `seconds` and `size` do.
    `asked_size`: the size that the client named, where another is made. `made_from`: an operation
    and the task of the video that it is of.
    """

    model: str
    seconds: str
    size: str
    caller: str
    runway_model: str = ""
    mode: str = ""
    sent: tuple[tuple[str, str], ...] = ()
    asked_size: str = ""
    made_from: str = ""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an operator may want to know. `request_id`: in the course of which request, if any."""

    request_id: str = ""


type Sink = Callable[[Event], None]


class Events:
    """Gives each event to all sinks, in their order, with the id of the request that is served."""

    def __init__(self, sinks: Iterable[Sink]) -> None:
        self._sinks = tuple(sinks)

    def emit(self, event: Event) -> None:
        if not event.request_id and (request_id := current_request()):
            event = msgspec.structs.replace(event, request_id=request_id)
        for sink in self._sinks:
            sink(event)

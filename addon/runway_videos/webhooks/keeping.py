"""What is kept of videos for one webhook: in this process's memory, or in a store that outlives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from runway_videos.webhooks.due_events import DueEvent


class ToldVideo(msgspec.Struct, frozen=True, array_like=True):
    """A video whose end a webhook is told. `key` is its key's name, `made` in unix seconds."""

    task: str
    key: str
    video_id: str
    caller: str
    made: float


#: Takes an event that this process is to deliver; False where there is no room.
type Deliver = Callable[[DueEvent], bool]
#: Takes a video that this process is to poll; False where there is no room.
type Follow = Callable[[ToldVideo], bool]
#: The event of a video's end: its type, and when it was seen.
type EventOf = Callable[[ToldVideo, str, float], DueEvent]


class KeepsEnds(Protocol):
    """What is asked of whoever keeps them, for one webhook."""

    #: Whether what is not delivered when the process ends is delivered by another one.
    lasts: bool

    def made(self, video: ToldVideo) -> None:
        """A video was made here, whose end is to be told."""

    async def written(self, task: str) -> None:
        """Waits a moment for that to be kept."""

    def ended(self, video: ToldVideo, type: str, since: float) -> None:
        """Its end was seen at unix time `since`; it is delivered by the process whose it is to do so."""

    async def is_due(self, event: DueEvent) -> bool:
        """Whether it is still this process that delivers the event."""

    def told(self, event: DueEvent) -> None:
        """It was delivered, or given up."""

    def deleted(self, video: ToldVideo) -> None:
        """Its client has deleted it: an end that comes after that is not told."""

    async def is_deleted(self, task: str) -> bool:
        """Whether another process's client has."""

    def drop(self, task: str) -> None:
        """It is not waited for any more."""

    async def look(self) -> int:
        """Takes over what processes that have died have left; gives how many videos.

        Raises StoreUnavailableError.
        """

    async def close(self) -> None:
        """Gives what is still to be written a moment."""


class EndsInMemory:
    """One process alone: what it is to do is in its queues."""

    lasts = False

    def __init__(self, deliver: Deliver, event_of: EventOf) -> None:
        self._deliver = deliver
        self._event_of = event_of

    def made(self, video: ToldVideo) -> None:
        pass

    async def written(self, task: str) -> None:
        pass

    def ended(self, video: ToldVideo, type: str, since: float) -> None:
        self._deliver(self._event_of(video, type, since))

    async def is_due(self, event: DueEvent) -> bool:
        return True

    def told(self, event: DueEvent) -> None:
        pass

    def deleted(self, video: ToldVideo) -> None:
        pass

    async def is_deleted(self, task: str) -> bool:
        return False

    def drop(self, task: str) -> None:
        pass

    async def look(self) -> int:
        return 0

    async def close(self) -> None:
        pass

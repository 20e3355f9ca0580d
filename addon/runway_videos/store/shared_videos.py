"""What processes share of videos: records, statuses, each caller's list.

A video's id is enough to serve it. So nothing here is needed to poll, download or delete: where the store
is away, each process goes on with what it knows itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import msgspec

from runway_videos.openai.video import VideoError
from runway_videos.store.video_records import VideoRecord, VideoRecords


class StoredVideo(msgspec.Struct, array_like=True):
    """A video as processes share it. Times are unix seconds; `asked_at`: when Runway said it."""

    runway_model: str = ""
    runway_size: str = ""
    prompt: str | None = None
    remixed_from: str | None = None
    progress: int | None = None
    ended: Literal["completed", "failed"] | None = None
    completed_at: int | None = None
    credits: float | None = None
    error: VideoError | None = None
    asked_at: float = 0.0

    def age(self, now: float) -> float:
        """How long ago Runway said it; an end holds for ever."""
        return 0.0 if self.ended else now - self.asked_at


class Loaded(msgspec.Struct, frozen=True):
    """What is stored of a video, and its bytes, by which a change is known. None: nothing, or no store.

    `age`: how many seconds ago Runway said it.
    """

    video: StoredVideo | None = None
    value: bytes | None = None
    age: float = 0.0


NOTHING = Loaded()


class SharesVideos(Protocol):
    """What is asked of the videos that processes share."""

    async def load(self, record: VideoRecord[Any]) -> Loaded:
        """Merges what is stored into the record, and gives it."""

    async def take_turn(self, record: VideoRecord[Any], seconds: float) -> bool:
        """Whether this process is to ask Runway: no other one does within `seconds`."""

    def created(self, record: VideoRecord[Any]) -> None:
        """A video was made here."""

    async def asked(self, record: VideoRecord[Any], error: VideoError | None, before: Loaded) -> None:
        """Runway was asked, and the record has what it said; `error` is why the video failed."""

    async def page(
        self, caller: str, limit: int, after: tuple[int, str] | None, oldest_first: bool
    ) -> Sequence[VideoRecord[Any]]:
        """A caller's videos, as `VideoRecords.of_caller` gives them."""

    async def deleted(self, record: VideoRecord[Any]) -> None:
        """The video is gone."""

    async def close(self) -> None:
        """Gives what is still to be written a moment."""


class NoSharedVideos:
    """One process alone: all that is known is in its records."""

    def __init__(self, records: VideoRecords[Any]) -> None:
        self._records = records

    async def load(self, record: VideoRecord[Any]) -> Loaded:
        return NOTHING

    async def take_turn(self, record: VideoRecord[Any], seconds: float) -> bool:
        return True

    def created(self, record: VideoRecord[Any]) -> None:
        pass

    async def asked(self, record: VideoRecord[Any], error: VideoError | None, before: Loaded) -> None:
        pass

    async def page(
        self, caller: str, limit: int, after: tuple[int, str] | None, oldest_first: bool
    ) -> Sequence[VideoRecord[Any]]:
        return self._records.of_caller(caller, limit, after=after, oldest_first=oldest_first)

    async def deleted(self, record: VideoRecord[Any]) -> None:
        pass

    async def close(self) -> None:
        pass

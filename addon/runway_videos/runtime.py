"""What the operations work with: one frozen set of parts, swapped whole on a new configuration."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from functools import cached_property

import msgspec

from runway_videos.config.settings import Settings
from runway_videos.events import Events
from runway_videos.keys.pool import Key, KeyPool
from runway_videos.openai.video import Status
from runway_videos.store.video_ids import IdSealer, VideoReference, unknown_video
from runway_videos.store.video_records import VideoRecord, VideoRecords
from runway_videos.upstream.client import RunwayClient
from runway_videos.upstream.timeouts import Timeouts

#: Says that a video is the sandbox's.
SANDBOX_HEADER = "x-runway-sandbox"
_LEAST_POLL_MS = 1000
# What is about a video is its caller's alone, and is what its content type says.
_PRIVATE = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}


class CachedStatus(msgspec.Struct, frozen=True, gc=False):
    """A status as it was last given out: the JSON is made once."""

    body: bytes
    status: Status
    progress: int
    error: str | None = None


class RequestedVideo(msgspec.Struct, frozen=True):
    """The video that a call is about: its id as the client wrote it, and what is known of it."""

    video_id: str
    record: VideoRecord[CachedStatus]

    @property
    def reference(self) -> VideoReference:
        return self.record.reference

    @property
    def task(self) -> str:
        return self.record.reference.task


class Runtime(msgspec.Struct, frozen=True, dict=True):
    """One configuration and its parts. A call keeps the one that it began with.

    `clock` never goes back, `now` is unix time, `sleep` waits; all in seconds. `jitter` gives
    0 to 1. `videos` and `events` are the same in every runtime of a process.
    """

    settings: Settings
    pool: KeyPool
    sealer: IdSealer
    client: RunwayClient
    videos: VideoRecords[CachedStatus]
    events: Events
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    timeouts: Timeouts = Timeouts()

    def video(self, video_id: str, caller: str) -> RequestedVideo:
        """The video of this caller. ApiError 404 for any other id."""
        reference = self.sealer.open(video_id)
        if not reference.owned_by(caller):
            raise unknown_video(video_id)
        record = self.videos.get(reference.task)
        return RequestedVideo(video_id, record or self.videos.remember(reference, caller))

    def key_of(self, video: RequestedVideo) -> Key:
        """The key that made the video: ids of other keys are not opened."""
        key = self.pool.get(video.reference.key)
        assert key is not None  # pool and sealer have the same keys
        return key

    @cached_property
    def video_headers(self) -> dict[str, str]:
        """Headers of every JSON answer about a video: when to ask again, and that it is the sandbox's."""
        return self.sandbox_headers | {
            "content-type": "application/json",
            "openai-poll-after-ms": str(max(_LEAST_POLL_MS, self.settings.poll_seconds * 1000)),
            **_PRIVATE,
        }

    @cached_property
    def content_headers(self) -> dict[str, str]:
        """Headers of every answer with a video's bytes, or a link to them."""
        return self.sandbox_headers | _PRIVATE

    @cached_property
    def sandbox_headers(self) -> dict[str, str]:
        """The header that says so where videos are the sandbox's."""
        return {SANDBOX_HEADER: "true"} if self.settings.sandbox else {}


def size_of(cached: CachedStatus) -> int:
    """Bytes that a status is counted with in the id map."""
    return len(cached.body) + len(cached.error or "") + 200

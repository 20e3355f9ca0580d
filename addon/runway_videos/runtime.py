"""What the operations work with: the pieces that last, and those that a new configuration replaces."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from runway_videos.config.settings import Settings
from runway_videos.keys.pool import KeyPool
from runway_videos.openai.video import Status
from runway_videos.store.video_ids import IdSealer
from runway_videos.store.video_records import VideoRecords
from runway_videos.upstream.client import RunwayClient

#: Says that a video is the sandbox's.
SANDBOX_HEADER = "x-runway-sandbox"
_LEAST_POLL_MS = 1000


class CachedStatus(msgspec.Struct, frozen=True, gc=False):
    """A status as it was last given out: the JSON is made once."""

    body: bytes
    status: Status
    progress: int
    error: str | None = None


class Runtime(msgspec.Struct):
    """The pieces. `clock` never goes back; `now` is unix time. Both in seconds."""

    settings: Settings
    pool: KeyPool
    sealer: IdSealer
    client: RunwayClient
    videos: VideoRecords[CachedStatus]
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time

    def video_headers(self) -> dict[str, str]:
        """Headers of every answer about a video: when to ask again, and that it is the sandbox's."""
        return self.sandbox_headers() | {
            "content-type": "application/json",
            "openai-poll-after-ms": str(max(_LEAST_POLL_MS, self.settings.poll_seconds * 1000)),
        }

    def sandbox_headers(self) -> dict[str, str]:
        """The header that says so where videos are the sandbox's."""
        return {SANDBOX_HEADER: "true"} if self.settings.sandbox else {}


def size_of(cached: CachedStatus) -> int:
    """Bytes that a status is counted with in the id map."""
    return len(cached.body) + len(cached.error or "") + 200

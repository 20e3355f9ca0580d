"""Polls the videos whose ends webhooks wait for, as nobody else may.

One call to Runway for a video every `runway_poll_seconds` at most, polls of clients included: a
status that is young enough is not asked for. The waits grow with a video's age, to a minute, and
while Runway cannot be asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from heapq import heappop, heappush
from itertools import count

import msgspec

from runway_videos.errors import ApiError
from runway_videos.events import WebhookLost
from runway_videos.logs import log
from runway_videos.runtime import RequestedVideo, Runtime
from runway_videos.upstream.poll import Poller, fresh_status

#: Videos that are polled; of more the oldest is not.
MAX_VIDEOS = 10_000
#: How long a video is polled, in seconds.
MAX_SECONDS = 24 * 3600.0
#: Polls at the same time.
MAX_AT_ONCE = 32
#: The longest wait between two polls of a video, in seconds.
LONGEST_WAIT = 60.0
# A video that is so many waits old is polled less often.
_AGE_IN_WAITS = 12
_TICK_SECONDS = 1.0


class _Unfinished(msgspec.Struct, eq=False):
    video_id: str
    caller: str
    since: float
    failures: int = 0


class UnfinishedVideos:
    """The videos that are polled, by task. `current` gives the runtime.

    `seen` is told of an end that another process has seen, `gave_up` of a video that is polled no more;
    `is_deleted` asks whether a client of another process has deleted one.
    """

    def __init__(
        self,
        poller: Poller,
        current: Callable[[], Runtime],
        max_videos: int = MAX_VIDEOS,
        *,
        seen: Callable[[RequestedVideo], None] = lambda video: None,
        gave_up: Callable[[str], None] = lambda task: None,
        is_deleted: Callable[[str, str], Awaitable[bool]] | None = None,
    ) -> None:
        self._poller = poller
        self._current = current
        self._max_videos = max_videos
        self._seen, self._gave_up, self._is_deleted = seen, gave_up, is_deleted
        self._videos: dict[str, _Unfinished] = {}
        self._times: list[tuple[float, int, str, _Unfinished]] = []
        self._numbers = count()
        self._under_way: set[asyncio.Task[None]] = set()
        self._ticks: asyncio.Task[None] | None = None

    def has_room(self, task: str) -> bool:
        """Whether a video is polled, or can be without another being given up."""
        return task in self._videos or len(self._videos) < self._max_videos

    def add(self, task: str, video_id: str, caller: str, age: float = 0.0) -> None:
        """A video that was made so many seconds ago. One that is polled already goes on."""
        if task in self._videos:
            return
        if len(self._videos) >= self._max_videos:
            self._give_up(next(iter(self._videos)), "too many videos are unfinished")
        video = self._videos[task] = _Unfinished(video_id, caller, self._current().clock() - age)
        self._wait(task, video)
        if self._ticks is None:
            self._ticks = asyncio.create_task(self._tick())

    def remove(self, task: str) -> None:
        """A video that has ended, or is deleted."""
        self._videos.pop(task, None)

    def __len__(self) -> int:
        return len(self._videos)

    def end(self) -> None:
        """Polls no more."""
        for task in (*self._under_way, *([self._ticks] if self._ticks else [])):
            task.cancel()

    async def _tick(self) -> None:
        while self._videos:
            await self._current().sleep(_TICK_SECONDS)
            self._poll_due()
        self._times.clear()
        self._ticks = None

    def _poll_due(self) -> None:
        now = self._current().clock()
        while self._times and self._times[0][0] <= now and len(self._under_way) < MAX_AT_ONCE:
            _, _, task, video = heappop(self._times)
            if self._videos.get(task) is not video:
                continue
            if now - video.since > MAX_SECONDS:
                self._give_up(task, "it has not ended within a day")
                continue
            polling = asyncio.create_task(self._poll(task, video))
            self._under_way.add(polling)
            polling.add_done_callback(self._under_way.discard)

    async def _poll(self, task: str, video: _Unfinished) -> None:
        """Asks once. An end is an event, which every poll emits, and which removes the video here."""
        runtime = self._current()
        try:
            requested = runtime.video(video.video_id, video.caller)
        except ApiError:
            self._give_up(task, "its key is not configured any more")
            return
        try:
            if fresh_status(runtime, requested.record) is None:
                poll = self._poller.begin(runtime, requested, retries=False)
                video.failures = video.failures + 1 if (await asyncio.shield(poll)).from_memory else 0
            if requested.record.ended and self._videos.get(task) is video:
                self.remove(task)
                self._seen(requested)
        except ApiError as error:
            video.failures += 1
            if error.status == 404 and not runtime.videos.holds(requested.record):
                await self._gone(task, video.caller)
        except Exception:
            video.failures += 1
            log.exception("a fault of this proxy, please report it")
        if self._videos.get(task) is video:
            self._wait(task, video)

    def _wait(self, task: str, video: _Unfinished) -> None:
        runtime = self._current()
        now, least = runtime.clock(), max(_TICK_SECONDS, float(runtime.settings.poll_seconds))
        grown = max((now - video.since) / _AGE_IN_WAITS, least * 2.0 ** min(video.failures, 10))
        wait = max(least, min(grown, LONGEST_WAIT)) * (1 + runtime.jitter() / 4)
        heappush(self._times, (now + wait, next(self._numbers), task, video))

    async def _gone(self, task: str, caller: str) -> None:
        if self._is_deleted is not None and await self._is_deleted(task, caller):
            self.remove(task)
            self._gave_up(task)
        else:
            self._give_up(task, "Runway has it no more")

    def _give_up(self, task: str, reason: str) -> None:
        video = self._videos.pop(task, None)
        if video is not None:  # else it ended while it was asked for
            self._gave_up(task)
            self._current().events.emit(WebhookLost("", video.video_id, reason))

"""Held polls: `Prefer: wait=N` holds the answer to a status call until there is something new.

| a held poll ends                                        | with                              |
|---------------------------------------------------------|-----------------------------------|
| at a change of status or progress, or at the video's end| the new status                    |
| N seconds after it came                                 | what a poll would get then        |
| when Runway's answer is an error                        | that error                        |
| when its client hangs up                                | the last status, for nobody       |
| when the process is told to end                         | the last status, else a 503       |

New is what differs from the status that was known here when the poll came. Where none was, `queued`
stands for it: every video is at first, and none goes back to it. All held polls of a video share one
follower, which asks Runway no more often than ordinary polls may.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from runway_videos.errors import ApiError
from runway_videos.openai.messages import Call
from runway_videos.openai.prefer import wait_seconds
from runway_videos.openai.video import Status
from runway_videos.runtime import CachedStatus, RequestedVideo, Runtime
from runway_videos.store.video_records import STATUS_SECONDS
from runway_videos.upstream.poll import Poller, fresh_status

#: How many polls of one caller are held at once; each is an open connection.
MAX_HELD = 2000
#: How often it is looked whose time is over and who has hung up.
CHECK_SECONDS = 0.25
# Between questions where every status is asked for, and for the clock's rounding.
_LEAST_SECONDS = 1.0
_ROUNDING_SECONDS = 0.001
_FIRST: tuple[Status, int] = ("queued", 0)
_NOT_HELD: Mapping[str, str] = {}


class _Held(msgspec.Struct, eq=False):
    """One held poll: what its client could have seen when it came, and when its time is over."""

    answer: asyncio.Future[CachedStatus]
    seen: tuple[Status, int]
    came: float
    until: float
    gone: Callable[[], bool]

    def give(self, cached: CachedStatus) -> None:
        if not self.answer.done():
            self.answer.set_result(cached)

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class _Follower:
    """The held polls of one video, under the newest runtime that one of them came with."""

    def __init__(self, runtime: Runtime, video: RequestedVideo) -> None:
        self.runtime = runtime
        self.video = video
        self.held: set[_Held] = set()
        self.answered = float("-inf")  # when Runway, or memory for it, gave a status last
        self.task: asyncio.Task[None] | None = None


class HeldPolls:
    """Answers status calls, held ones too. `clock` and `sleep` as the runtime has them."""

    def __init__(
        self,
        poller: Poller,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        max_held: int = MAX_HELD,
    ) -> None:
        self._poller = poller
        self._clock = clock
        self._sleep = sleep
        self._max_held = max_held
        self._followers: dict[str, _Follower] = {}
        self._callers: Counter[str] = Counter()
        self._checker: asyncio.Task[None] | None = None
        self._closed = False

    def __len__(self) -> int:
        """Polls that are held."""
        return self._callers.total()

    async def status(
        self, runtime: Runtime, video: RequestedVideo, call: Call
    ) -> tuple[CachedStatus, Mapping[str, str]]:
        """The video's status, and the header that says how long the answer could have been held."""
        seconds = wait_seconds(call.headers.get("prefer"))
        if seconds is None or self._closed or self._callers[call.caller] >= self._max_held:
            return await self._poller.status(runtime, video), _NOT_HELD
        applied = {"preference-applied": f"wait={seconds}"}
        cached = fresh_status(runtime, video.record)
        if seconds == 0 or (cached is not None and _is_end(cached)):
            return await self._poller.status(runtime, video), applied
        return await self._hold(runtime, video, call, seconds), applied

    def close(self) -> None:
        """Answers every held poll; none is held any more."""
        self._closed = True
        for follower in self._followers.values():
            known = _known(follower)
            for held in follower.held:
                held.give(known) if known is not None else held.fail(_shutting_down())

    async def _hold(self, runtime: Runtime, video: RequestedVideo, call: Call, seconds: int) -> CachedStatus:
        last, now = video.record.status, self._clock()
        held = _Held(
            asyncio.get_running_loop().create_future(),
            _state(last) if last is not None else _FIRST,
            now,
            now + seconds,
            call.gone,
        )
        follower = self._join(runtime, video, held)
        self._callers[call.caller] += 1
        try:
            return await held.answer
        finally:
            self._callers[call.caller] -= 1
            if not self._callers[call.caller]:
                del self._callers[call.caller]
            self._leave(follower, held)

    def _join(self, runtime: Runtime, video: RequestedVideo, held: _Held) -> _Follower:
        follower = self._followers.get(video.task)
        if follower is None:
            follower = self._followers[video.task] = _Follower(runtime, video)
            follower.task = asyncio.create_task(self._follow(follower))
        follower.runtime, follower.video = runtime, video
        follower.held.add(held)
        if self._checker is None:
            self._checker = asyncio.create_task(self._check())
        return follower

    def _leave(self, follower: _Follower, held: _Held) -> None:
        follower.held.discard(held)
        if follower.held:
            return
        if self._followers.get(follower.video.task) is follower:
            del self._followers[follower.video.task]
        if follower.task is not None:
            follower.task.cancel()
        if not self._followers and self._checker is not None:
            self._checker.cancel()
            self._checker = None

    async def _follow(self, follower: _Follower) -> None:
        """Asks for one video's status, again and again, until it is cancelled: nobody waits any more."""
        while True:
            runtime = follower.runtime
            try:
                cached = await self._poller.status(runtime, follower.video)
            except Exception as error:
                # Who comes from now on has a follower of their own.
                self._followers.pop(follower.video.task, None)
                for held in follower.held:
                    held.fail(error)
                return
            now, state = self._clock(), _state(cached)
            follower.answered = now
            for held in follower.held:
                if _is_end(cached) or state != held.seen or now >= held.until or held.gone():
                    held.give(cached)
            oldest = runtime.settings.poll_seconds
            left = oldest - (now - follower.video.record.status_at)
            await self._sleep(left + _ROUNDING_SECONDS if left > 0 else max(_LEAST_SECONDS, oldest))

    async def _check(self) -> None:
        """Ends the waits that are over and those whose clients have hung up, until it is cancelled."""
        while True:
            await self._sleep(CHECK_SECONDS)
            now = self._clock()
            for follower in self._followers.values():
                oldest = follower.runtime.settings.poll_seconds
                if (known := _known(follower)) is None:
                    continue
                for held in follower.held:
                    # What was too old when the poll came is too old now: Runway is being asked.
                    asked = follower.answered > held.came - oldest
                    if asked and (now >= held.until or held.gone()):
                        held.give(known)


def _known(follower: _Follower) -> CachedStatus | None:
    return follower.runtime.videos.status(follower.video.record, STATUS_SECONDS)


def _state(cached: CachedStatus) -> tuple[Status, int]:
    return cached.status, cached.progress


def _is_end(cached: CachedStatus) -> bool:
    return cached.status in ("completed", "failed")


def _shutting_down() -> ApiError:
    return ApiError(503, "The proxy is shutting down; try again.", code="shutting_down", retry=True)

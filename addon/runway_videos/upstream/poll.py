"""What becomes of a video: its status, asked of Runway as seldom as may be.

Everything goes through the key that made the video. Concurrent questions share one call; an answer
young enough is given out again; while Runway is down the last one serves, up to 5 minutes old.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import msgspec

from runway_videos import events
from runway_videos.errors import ApiError
from runway_videos.keys.pool import Key, KeyReport
from runway_videos.logs import log
from runway_videos.openai.video import KEPT_SECONDS, Video, encode
from runway_videos.runtime import CachedStatus, Runtime
from runway_videos.store.video_ids import VideoReference, key_hash, unknown_video
from runway_videos.store.video_records import STATUS_SECONDS, VideoRecord
from runway_videos.translate.task_status import TaskState, read_task
from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError
from runway_videos.upstream.timeouts import Timeouts

#: No further try begins after so long: a client waits for this.
MAX_RETRY_SECONDS = 20.0


class PollResult(msgspec.Struct, frozen=True):
    """A status and the links to the finished video, which are kept by nobody."""

    cached: CachedStatus
    outputs: tuple[str, ...] = ()
    from_memory: bool = False


class _Attempts(msgspec.Struct, frozen=True):
    """What came of asking: the answer, or none; whether a try before it may have taken effect."""

    reply: Reply | None
    doubtful: bool
    problem: str


class Poller:
    """Asks Runway for tasks and remembers what it said."""

    def __init__(
        self,
        runtime: Runtime,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        waits: tuple[float, ...] = Timeouts().poll_waits,
    ) -> None:
        self._runtime = runtime
        self._sleep = sleep
        # A question costs nothing and may be asked again.
        self._waits = waits
        self._shared_polls: dict[str, asyncio.Task[PollResult]] = {}

    def find(self, video_id: str, caller: str) -> tuple[VideoReference, VideoRecord[CachedStatus]]:
        """The video of this caller. ApiError 404 for any other id, 503 where its key is gone."""
        reference = self._runtime.sealer.open(video_id)
        if not reference.owned_by(caller):
            raise unknown_video(video_id)
        videos = self._runtime.videos
        record = videos.get(reference.task)
        return reference, record if record is not None else videos.remember(reference, caller)

    async def status(
        self, video_id: str, reference: VideoReference, record: VideoRecord[CachedStatus]
    ) -> CachedStatus:
        """The video's status, from memory while that is young enough."""
        cached = self.cached_status(record)
        return cached if cached is not None else (await self.poll(video_id, reference, record)).cached

    def cached_status(self, record: VideoRecord[CachedStatus]) -> CachedStatus | None:
        """The status in memory, if it may be given out: an end holds longer."""
        cached = record.answer
        if cached is None:
            return None
        ended = cached.status in ("completed", "failed")
        fresh = STATUS_SECONDS if ended else self._runtime.settings.poll_seconds
        return self._runtime.videos.answer(record, fresh)

    async def poll(
        self, video_id: str, reference: VideoReference, record: VideoRecord[CachedStatus]
    ) -> PollResult:
        """The video's status from Runway; shares the call that is under way."""
        shared = self._shared_polls.get(reference.task)
        if shared is None:
            shared = asyncio.create_task(self._poll(video_id, reference, record))
            self._shared_polls[reference.task] = shared
            shared.add_done_callback(lambda done: self._poll_ended(reference.task, done))
        # Shielded: one client's end is not another's.
        return await asyncio.shield(shared)

    async def delete(
        self, video_id: str, reference: VideoReference, record: VideoRecord[CachedStatus]
    ) -> None:
        """Cancels or deletes the video. ApiError where it is gone already or Runway is down."""
        runtime, key = self._runtime, self.key_of(reference)
        attempts = await self._with_retries(lambda: runtime.client.delete_task(key, reference.task))
        if attempts.reply is None:
            raise unreachable(attempts.problem)
        # A 404 behind a lost answer: the lost one had deleted it.
        done = 200 <= attempts.reply.status < 300 or (attempts.reply.status == 404 and attempts.doubtful)
        if not done:
            raise self._refusal(attempts.reply, video_id, reference, key)
        runtime.videos.forget(reference.task)
        events.deleted(reference, record.caller, runtime.settings.sandbox)

    def key_of(self, reference: VideoReference) -> Key:
        """The key that made the video. ApiError 503 where it is gone."""
        key = self._runtime.pool.get(reference.key)
        if key is None:
            raise ApiError(
                503,
                "This video was made with a Runway key that this proxy no longer has.",
                code="runway_key_gone",
                retry=False,
                detail=f"the key's name has the hash {key_hash(reference.key)}",
            )
        return key

    def _poll_ended(self, task: str, shared: asyncio.Task[PollResult]) -> None:
        self._shared_polls.pop(task, None)
        if not shared.cancelled():
            shared.exception()  # seen, also where every client has left

    async def _poll(
        self, video_id: str, reference: VideoReference, record: VideoRecord[CachedStatus]
    ) -> PollResult:
        runtime, key = self._runtime, self.key_of(reference)
        attempts = await self._with_retries(
            lambda: runtime.client.get_task(key, reference.task), _is_readable
        )
        if attempts.reply is not None and attempts.reply.status == 200:
            task = {**(attempts.reply.json() or {}), "id": reference.task}
            last = record.answer.progress if record.answer else 0
            return self._record_state(video_id, reference, record, read_task(task, last))
        if attempts.reply is not None:
            raise self._refusal(attempts.reply, video_id, reference, key)
        cached = runtime.videos.answer(record, STATUS_SECONDS)
        if cached is None:
            raise unreachable(attempts.problem)
        log.warning(
            "task %s: status from memory, Runway cannot be asked: %s", reference.task, attempts.problem
        )
        return PollResult(cached, from_memory=True)

    async def _with_retries(
        self, poll: Callable[[], Awaitable[Reply]], settles: Callable[[Reply], bool] = lambda _: True
    ) -> _Attempts:
        """Asks until Runway answers; what is asked here costs nothing and may be asked again."""
        begun = self._runtime.clock()
        doubtful, problem = False, ""
        for wait in (*self._waits, None):
            try:
                reply = await poll()
            except NotSentError as error:
                problem = str(error)
            except UnknownOutcomeError as error:
                doubtful, problem = True, str(error)
            else:
                if reply.status < 500 and reply.status != 429 and settles(reply):
                    return _Attempts(reply, doubtful, "")
                doubtful = doubtful or reply.status not in (429, 502, 503)
                problem = f"HTTP {reply.status}"
            if wait is None or self._runtime.clock() - begun > MAX_RETRY_SECONDS:
                break
            await self._sleep(wait * (1 + random.random() / 2))  # noqa: S311 (a jitter)
        return _Attempts(None, doubtful, problem)

    def _refusal(self, reply: Reply, video_id: str, reference: VideoReference, key: Key) -> ApiError:
        if reply.status == 404:
            self._runtime.videos.forget(reference.task)
            return unknown_video(video_id)
        if reply.status in (401, 403):
            return ApiError(
                503,
                "Runway refuses the key that made this video; the operator of the proxy must look.",
                code="runway_key_refused",
                retry=False,
                detail=f"Runway answers {reply.status} to the key {key.name}",
            )
        return ApiError(502, f"Runway answered {reply.status} about this video.")

    def _record_state(
        self, video_id: str, reference: VideoReference, record: VideoRecord[CachedStatus], state: TaskState
    ) -> PollResult:
        """Remembers what Runway said and tells the pool and the log what follows from it."""
        runtime, model = self._runtime, record.runway_model
        if model and state.throttled:
            runtime.pool.report(reference.key, model, KeyReport.QUEUE_FULL)
        elif model and record.throttled and state.status == "in_progress":
            runtime.pool.report(reference.key, model, KeyReport.QUEUE_MOVING)
        record.throttled = state.throttled
        if state.ended and record.completed_at is None:
            record.completed_at = int(runtime.now())
            took = record.completed_at - reference.created
            events.ended(reference, model, record.caller, state, took, runtime.settings.sandbox)
        video = render_video(video_id, reference, record, state)
        cached = CachedStatus(
            encode(video), state.status, state.progress, state.error.message if state.error else None
        )
        runtime.videos.keep_status(record, cached)
        return PollResult(cached, state.outputs)


def render_video(
    video_id: str, reference: VideoReference, record: VideoRecord[CachedStatus], state: TaskState
) -> Video:
    """The Video that clients get: what was sealed in its id, and what its task says now."""
    done = record.completed_at if state.status == "completed" else None
    return Video(
        id=video_id,
        model=reference.model,
        status=state.status,
        progress=state.progress,
        created_at=reference.created,
        completed_at=done,
        expires_at=done + KEPT_SECONDS if done is not None else None,
        prompt=record.prompt,
        size=reference.size,
        seconds=reference.seconds,
        remixed_from_video_id=record.remixed_from,
        error=state.error,
    )


def _is_readable(reply: Reply) -> bool:
    return reply.status != 200 or reply.json() is not None


def unreachable(problem: str) -> ApiError:
    """For a Runway that cannot be asked."""
    return ApiError(
        503,
        "Runway cannot be reached about this video now; nothing is lost, try again.",
        code="runway_unavailable",
        detail=problem,
    )

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
from runway_videos.keys.pool import Key, Outcome
from runway_videos.logs import log
from runway_videos.openai.video import KEPT_SECONDS, Video, encode
from runway_videos.runtime import Known, Parts
from runway_videos.store.video_ids import Ticket, key_hash, unknown_video
from runway_videos.store.video_records import ANSWER_SECONDS, Memory
from runway_videos.translate.task_status import TaskState, read_task
from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError

# A question costs nothing and may be asked again: waits in seconds between the tries, up to 50 %
# more by chance.
_WAITS = (0.5, 1.0)
#: No further try begins after so long: a client waits for this.
PATIENCE_SECONDS = 20.0


class Seen(msgspec.Struct, frozen=True):
    """A status and the links to the finished video, which are kept by nobody."""

    known: Known
    outputs: tuple[str, ...] = ()
    from_memory: bool = False


class _Tried(msgspec.Struct, frozen=True):
    """What came of asking: the answer, or none; whether a try before it may have taken effect."""

    reply: Reply | None
    doubtful: bool
    problem: str


class Watcher:
    """Asks Runway for tasks and remembers what it said."""

    def __init__(self, parts: Parts, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._parts = parts
        self._sleep = sleep
        self._flights: dict[str, asyncio.Task[Seen]] = {}

    def find(self, video_id: str, caller: str) -> tuple[Ticket, Memory[Known]]:
        """The video of this caller. ApiError 404 for any other id, 503 where its key is gone."""
        ticket = self._parts.sealer.open(video_id)
        if not ticket.owned_by(caller):
            raise unknown_video(video_id)
        videos = self._parts.videos
        memory = videos.get(ticket.task)
        return ticket, memory if memory is not None else videos.remember(ticket, caller)

    async def status(self, video_id: str, ticket: Ticket, memory: Memory[Known]) -> Known:
        """The video's status, from memory while that is young enough."""
        known = self.recent(memory)
        return known if known is not None else (await self.ask(video_id, ticket, memory)).known

    def recent(self, memory: Memory[Known]) -> Known | None:
        """The status in memory, if it may be given out: an end holds longer."""
        known = memory.answer
        if known is None:
            return None
        ended = known.status in ("completed", "failed")
        fresh = ANSWER_SECONDS if ended else self._parts.settings.poll_seconds
        return self._parts.videos.answer(memory, fresh)

    async def ask(self, video_id: str, ticket: Ticket, memory: Memory[Known]) -> Seen:
        """The video's status from Runway; shares the call that is under way."""
        flight = self._flights.get(ticket.task)
        if flight is None:
            flight = asyncio.create_task(self._ask(video_id, ticket, memory))
            self._flights[ticket.task] = flight
            flight.add_done_callback(lambda done: self._landed(ticket.task, done))
        # Shielded: one client's end is not another's.
        return await asyncio.shield(flight)

    async def delete(self, video_id: str, ticket: Ticket, memory: Memory[Known]) -> None:
        """Cancels or deletes the video. ApiError where it is gone already or Runway is down."""
        parts, key = self._parts, self.key_of(ticket)
        tried = await self._persist(lambda: parts.api.delete_task(key, ticket.task))
        if tried.reply is None:
            raise unreachable(tried.problem)
        # A 404 behind a lost answer: the lost one had deleted it.
        done = 200 <= tried.reply.status < 300 or (tried.reply.status == 404 and tried.doubtful)
        if not done:
            raise self._refused(tried.reply, video_id, ticket, key)
        parts.videos.forget(ticket.task)
        events.deleted(ticket, memory.caller, parts.settings.sandbox)

    def key_of(self, ticket: Ticket) -> Key:
        """The key that made the video. ApiError 503 where it is gone."""
        key = self._parts.pool.get(ticket.key)
        if key is None:
            raise ApiError(
                503,
                "This video was made with a Runway key that this proxy no longer has.",
                code="runway_key_gone",
                retry=False,
                detail=f"the key's name has the hash {key_hash(ticket.key)}",
            )
        return key

    def _landed(self, task: str, flight: asyncio.Task[Seen]) -> None:
        self._flights.pop(task, None)
        if not flight.cancelled():
            flight.exception()  # seen, also where every client has left

    async def _ask(self, video_id: str, ticket: Ticket, memory: Memory[Known]) -> Seen:
        parts, key = self._parts, self.key_of(ticket)
        tried = await self._persist(lambda: parts.api.get_task(key, ticket.task), _is_readable)
        if tried.reply is not None and tried.reply.status == 200:
            task = {**(tried.reply.json() or {}), "id": ticket.task}
            last = memory.answer.progress if memory.answer else 0
            return self._note(video_id, ticket, memory, read_task(task, last))
        if tried.reply is not None:
            raise self._refused(tried.reply, video_id, ticket, key)
        known = parts.videos.answer(memory, ANSWER_SECONDS)
        if known is None:
            raise unreachable(tried.problem)
        log.warning("task %s: status from memory, Runway cannot be asked: %s", ticket.task, tried.problem)
        return Seen(known, from_memory=True)

    async def _persist(
        self, ask: Callable[[], Awaitable[Reply]], settles: Callable[[Reply], bool] = lambda _: True
    ) -> _Tried:
        """Asks until Runway answers; what is asked here costs nothing and may be asked again."""
        begun = self._parts.clock()
        doubtful, problem = False, ""
        for wait in (*_WAITS, None):
            try:
                reply = await ask()
            except NotSentError as error:
                problem = str(error)
            except UnknownOutcomeError as error:
                doubtful, problem = True, str(error)
            else:
                if reply.status < 500 and reply.status != 429 and settles(reply):
                    return _Tried(reply, doubtful, "")
                doubtful = doubtful or reply.status not in (429, 502, 503)
                problem = f"HTTP {reply.status}"
            if wait is None or self._parts.clock() - begun > PATIENCE_SECONDS:
                break
            await self._sleep(wait * (1 + random.random() / 2))  # noqa: S311 (a jitter)
        return _Tried(None, doubtful, problem)

    def _refused(self, reply: Reply, video_id: str, ticket: Ticket, key: Key) -> ApiError:
        if reply.status == 404:
            self._parts.videos.forget(ticket.task)
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

    def _note(self, video_id: str, ticket: Ticket, memory: Memory[Known], state: TaskState) -> Seen:
        """Remembers what Runway said and tells the pool and the log what follows from it."""
        parts, model = self._parts, memory.runway_model
        if model and state.throttled:
            parts.pool.report(ticket.key, model, Outcome.THROTTLED)
        elif model and memory.throttled and state.status == "in_progress":
            parts.pool.report(ticket.key, model, Outcome.MOVING)
        memory.throttled = state.throttled
        if state.ended and memory.completed_at is None:
            memory.completed_at = int(parts.now())
            took = memory.completed_at - ticket.created
            events.ended(ticket, model, memory.caller, state, took, parts.settings.sandbox)
        video = render_video(video_id, ticket, memory, state)
        known = Known(
            encode(video), state.status, state.progress, state.error.message if state.error else None
        )
        parts.videos.keep_answer(memory, known)
        return Seen(known, state.outputs)


def render_video(video_id: str, ticket: Ticket, memory: Memory[Known], state: TaskState) -> Video:
    """The Video that clients get: what was sealed in its id, and what its task says now."""
    done = memory.completed_at if state.status == "completed" else None
    return Video(
        id=video_id,
        model=ticket.model,
        status=state.status,
        progress=state.progress,
        created_at=ticket.created,
        completed_at=done,
        expires_at=done + KEPT_SECONDS if done is not None else None,
        prompt=memory.prompt,
        size=ticket.size,
        seconds=ticket.seconds,
        remixed_from_video_id=memory.remixed_from,
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

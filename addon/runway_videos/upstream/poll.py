"""What becomes of a video: its status, asked of Runway as seldom as may be.

Everything goes through the key that made the video. Polls of one video at the same time share one
call; a status that is young enough is given out again; while Runway is down the last one serves,
up to 5 minutes old. What a client has seen never goes back: an end stays an end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from runway_videos import events
from runway_videos.errors import ApiError
from runway_videos.keys.no_key import KEY_REFUSED
from runway_videos.runtime import CachedStatus, RequestedVideo, Runtime
from runway_videos.store.video_ids import unknown_video
from runway_videos.store.video_records import STATUS_SECONDS, VideoRecord
from runway_videos.upstream.asked_by_another import asked_by_another, share_state
from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError
from runway_videos.upstream.judge_create import reason_of
from runway_videos.upstream.video_state import facts_of, record_cancelled, record_state, render_status

#: No further try begins after so long: a client waits for this.
MAX_RETRY_SECONDS = 20.0
#: So long after its creation a task may not be known everywhere at Runway: a 404 is asked about again.
NEW_TASK_SECONDS = 60.0


class PollResult(msgspec.Struct, frozen=True):
    """A status, and the links to the finished video, which are kept by nobody.

    `from_memory`: Runway could not be asked. `kept`: an end that Runway now contradicts.
    """

    cached: CachedStatus
    outputs: tuple[str, ...] = ()
    from_memory: bool = False
    kept: bool = False


class _Attempts(msgspec.Struct, frozen=True):
    """What came of asking: the answer that settles it, or none.

    `unsure`: a try before it may have taken effect. `not_found`: the last was Runway's own 404.
    """

    reply: Reply | None
    unsure: bool
    problem: str = ""
    not_found: bool = False


class Poller:
    """Asks Runway for tasks and remembers what it said. Outlives runtimes: polls under way are shared."""

    def __init__(self) -> None:
        #: Status calls that no call to Runway was made for.
        self.saved = 0
        self._shared_polls: dict[str, _SharedPoll] = {}

    async def status(self, runtime: Runtime, video: RequestedVideo) -> CachedStatus:
        """The video's status, from memory while that is young enough."""
        cached = fresh_status(runtime, video.record)
        if cached is not None:
            self.saved += 1
            return cached
        # Shielded: one client's end is not another's.
        return (await asyncio.shield(self.begin(runtime, video, retries=True))).cached

    async def poll(self, runtime: Runtime, video: RequestedVideo) -> PollResult:
        """The video's status and links from Runway; shares the call that is under way."""
        return await asyncio.shield(self.begin(runtime, video, retries=True, links=True))

    def begin(
        self, runtime: Runtime, video: RequestedVideo, *, retries: bool, links: bool = False
    ) -> asyncio.Task[PollResult]:
        """The poll that is under way, or a new one; it goes on whoever waits for it.

        Without `retries` it is one call to Runway, unless someone joins it who wants them. Without
        `links` another process's answer does, too.
        """
        task = video.task
        shared = self._shared_polls.get(task)
        if shared is None or (links and not shared.links):
            shared = self._shared_polls[task] = _SharedPoll(runtime, video, links)
            began = shared
            shared.poll.add_done_callback(lambda done: self._ended(task, began, done))
        else:
            self.saved += 1
        shared.retries = shared.retries or retries
        return shared.poll

    async def delete(self, runtime: Runtime, video: RequestedVideo) -> None:
        """Cancels or deletes the video. ApiError where it is gone already or Runway is down."""
        key, reference = runtime.key_of(video), video.reference
        attempts = await _with_retries(runtime, lambda: runtime.client.delete_task(key, video.task))
        reply = attempts.reply
        if reply is None:
            raise unreachable(attempts.problem)
        # A 404 behind a lost answer: the lost one had deleted it.
        if not (200 <= reply.status < 300 or (reply.status == 404 and attempts.unsure and reason_of(reply))):
            raise _refusal(runtime, video, reply)
        runtime.videos.forget(video.task)
        record_cancelled(runtime, video)
        await runtime.shared.deleted(video.record)
        facts = facts_of(video.record)
        runtime.events.emit(events.VideoDeleted(facts, reference.key, video.task, video.video_id))

    def _ended(self, task: str, shared: _SharedPoll, poll: asyncio.Task[PollResult]) -> None:
        if self._shared_polls.get(task) is shared:
            del self._shared_polls[task]
        if not poll.cancelled():
            poll.exception()  # retrieved, also where every client has left


class _SharedPoll:
    """A poll under way. `retries`: somebody waits for it who wants them; `links`: it gives links, too."""

    def __init__(self, runtime: Runtime, video: RequestedVideo, links: bool) -> None:
        self.retries = False
        self.links = links
        self.poll = asyncio.create_task(_poll(runtime, video, lambda: self.retries, links))


def fresh_status(runtime: Runtime, record: VideoRecord[CachedStatus]) -> CachedStatus | None:
    """The status in memory, if it may be given out: an end holds longer."""
    cached = record.status
    if cached is None:
        return None
    fresh = STATUS_SECONDS if cached.status in ("completed", "failed") else runtime.settings.poll_seconds
    return runtime.videos.status(record, fresh)


async def _poll(
    runtime: Runtime, video: RequestedVideo, retries: Callable[[], bool], links: bool
) -> PollResult:
    key, record = runtime.key_of(video), video.record
    before = await runtime.shared.load(record)
    if not links and (known := await asked_by_another(runtime, video, before)) is not None:
        return PollResult(known)
    attempts = await _with_retries(
        runtime,
        lambda: runtime.client.get_task(key, video.task),
        lambda reply: _settles(runtime, video, reply),
        retries,
    )
    reply = attempts.reply
    if reply is None and attempts.not_found:
        # Asked again and again it stays a 404: what is known is kept, should Runway find it later.
        raise unknown_video(video.video_id)
    if reply is not None and reply.status == 200:
        state, kept = record_state(runtime, video, reply.json() or {})
        state = await share_state(runtime, video, state, before)
        return PollResult(render_status(runtime, video, state), state.outputs, kept=kept)
    if reply is not None:
        error = _refusal(runtime, video, reply)
        if error.status == 404:
            await runtime.shared.deleted(record)
        raise error
    cached = runtime.videos.status(video.record, STATUS_SECONDS)
    if cached is not None:
        runtime.events.emit(events.PollStale(video.task, attempts.problem))
        return PollResult(cached, from_memory=True)
    raise unreachable(attempts.problem)


async def _with_retries(
    runtime: Runtime,
    ask: Callable[[], Awaitable[Reply]],
    settles: Callable[[Reply], bool] = lambda _: True,
    retries: Callable[[], bool] = lambda: True,
) -> _Attempts:
    """Asks until Runway answers; what is asked here costs nothing and may be asked again."""
    begun = runtime.clock()
    unsure, problem, last = False, "", Reply(0)
    for wait in (*runtime.timeouts.poll_waits, None):
        try:
            reply = await ask()
        except NotSentError as error:
            problem, last = str(error), Reply(0)
        except UnknownOutcomeError as error:
            unsure, problem, last = True, str(error), Reply(0)
        else:
            if reply.status < 500 and reply.status != 429 and settles(reply):
                return _Attempts(reply, unsure)
            unsure = unsure or reply.status not in (429, 502, 503)
            problem, last = f"HTTP {reply.status}", reply
        if wait is None or not retries() or runtime.clock() - begun > MAX_RETRY_SECONDS:
            break
        await runtime.sleep(wait * (1 + runtime.jitter() / 2))
    not_found = last.status == 404 and bool(reason_of(last))
    return _Attempts(None, unsure, problem, not_found)


def _settles(runtime: Runtime, video: RequestedVideo, reply: Reply) -> bool:
    """Whether an answer about the video's task can be believed."""
    if reply.status == 404:
        return bool(reason_of(reply)) and not is_new(runtime, video)
    if reply.status != 200:
        return True
    task = reply.json()
    if task is None:
        return False
    if task.get("id") != video.task:
        problem = f"Runway answered about another task, {task.get('id')!r}: not believed"
        runtime.events.emit(events.TaskContradicted(video.task, problem))
        return False
    return True


def is_new(runtime: Runtime, video: RequestedVideo) -> bool:
    """Whether the video was made within the last minute, in whatever process: its id says when."""
    return runtime.now() - video.reference.created < NEW_TASK_SECONDS


def _refusal(runtime: Runtime, video: RequestedVideo, reply: Reply) -> ApiError:
    if not reason_of(reply):
        # Not Runway's own words: something in between answered, which knows nothing of the video.
        return ApiError(
            502,
            f"An answer about this video, {reply.status}, did not come from Runway; nothing is lost, "
            "try again.",
            code="runway_unexpected_answer",
        )
    if reply.status == 404:
        runtime.videos.forget(video.task)
        return unknown_video(video.video_id)
    if reply.status in (401, 403):
        return ApiError(
            503,
            "Runway refuses the key that made this video; the operator of the proxy must look.",
            code=KEY_REFUSED,
            retry=False,
            detail=f"Runway answers {reply.status} to the key {video.reference.key}",
        )
    return ApiError(502, f"Runway answered {reply.status} about this video.")


def unreachable(problem: str) -> ApiError:
    """For a Runway that cannot be asked."""
    return ApiError(
        503,
        "Runway cannot be reached about this video now; nothing is lost, try again.",
        code="runway_unavailable",
        detail=problem,
    )

"""Makes a task of a create: which key, when the next one, when the same again, when never again.

A create that was sent and has no answer is never sent again: Runway has no idempotency key and no
list of tasks, so a second one could be paid for twice and the first could not be found.

What is sent again, and how often: after load shedding at most 3 sends a create in all, whatever the
keys. Going on to another key is not counted among these: each key is asked once.
"""

from __future__ import annotations

import asyncio
from hashlib import blake2b

import msgspec

from runway_videos import events
from runway_videos.errors import ApiError
from runway_videos.events import VideoFacts
from runway_videos.idempotency.in_flight_create import Sending
from runway_videos.keys.pool import Failure, Key, KeyReport
from runway_videos.runtime import Runtime
from runway_videos.translate import TaskCall
from runway_videos.upstream.client import NotSentError, UnknownOutcomeError
from runway_videos.upstream.create_outcomes import (
    CreateOutcome,
    OutcomeUnknown,
    RequestRefused,
    TaskMade,
    TryAgainLater,
    TryNextKey,
)
from runway_videos.upstream.judge_create import check_confirms, judge_create
from runway_videos.upstream.output_links import without_link
from runway_videos.upstream.uploads import Uploads

#: How often a create is sent at most where Runway sheds load.
MAX_SENDS = 3


class SubmittedTask(msgspec.Struct, frozen=True):
    """A task that Runway made: with which key, and what Runway thinks that it will cost.

    `credits`: as Runway estimates them, else as they were expected.
    """

    key: str
    task: str
    credits: float | None


class Submitter:
    """Sends creates under one runtime. `upload_permits` bounds uploads at once, over all runtimes."""

    def __init__(self, runtime: Runtime, upload_permits: asyncio.Semaphore) -> None:
        self._pool = runtime.pool
        self._client = runtime.client
        self._clock = runtime.clock
        self._sleep = runtime.sleep
        self._jitter = runtime.jitter
        self._timeouts = runtime.timeouts
        self._events = runtime.events
        self._prices = runtime.prices
        self._balances = runtime.balances
        self._uploads = Uploads(runtime, upload_permits)

    async def submit(
        self, call: TaskCall, video: VideoFacts, sending: Sending, link: str = ""
    ) -> SubmittedTask:
        """Makes the task, once. `video` says in events whose create this is; `sending` comes before
        each try; `link` is the signed link of `call.output`, whose key alone is asked.

        Raises ApiError; one with `may_have_made` where a paid task may exist.
        """
        failures: dict[str, Failure] = {}
        output = call.output
        only = output.key if output else None
        links = {id(output): link} if output else {}
        # An upload is the organisation's own: another key needs its own, the same key does not.
        uploaded: dict[str, dict[int, str]] = {}
        shed = 0
        uploads = sum(self._timeouts.upload_of(len(media.data)) for media in call.media)
        deadline = self._clock() + self._timeouts.all_tries + uploads
        while True:
            short = self._balances.short_of(self._prices.expected(call))
            picked = self._pool.pick(call.model, failures, only, short)
            if picked is None:
                raise self._pool.no_key_error(call.model, failures, only)
            key, outcome = picked.key, None
            try:
                uris = uploaded.setdefault(key.name, dict(links))
                outcome = await self._try(key, call, video, uris, deadline, sending)
                await self._report(key, call, outcome)
            finally:
                nothing_made = isinstance(outcome, TryNextKey | TryAgainLater | RequestRefused)
                self._pool.end(picked, made=not nothing_made)
            match outcome:
                case TaskMade(task=task, credits=credits):
                    return SubmittedTask(key.name, task, self._cost(call, credits))
                case TryNextKey(report=report, reason=reason, retry_after=retry_after):
                    self._events.emit(events.KeyPassedOver(key.name, call.model, reason, report))
                    failures[key.name] = Failure(report, reason, retry_after)
                case TryAgainLater(reason=reason, retry_after=retry_after):
                    shed += 1
                    pause = self._timeouts.first_wait * 2 ** (shed - 1) * (1 + self._jitter() / 2)
                    if shed == MAX_SENDS or self._clock() + pause >= deadline:
                        raise _overloaded(reason, retry_after)
                    await self._sleep(pause)
                case RequestRefused(error=error):
                    raise error
                case OutcomeUnknown(reason=reason, timed_out=timed_out):
                    self._events.emit(events.OutcomeUnknown(video, key.name, reason))
                    raise _outcome_unknown(timed_out)

    async def _try(
        self,
        key: Key,
        call: TaskCall,
        video: VideoFacts,
        uris: dict[int, str],
        deadline: float,
        sending: Sending,
    ) -> CreateOutcome:
        """One key, one create at most. `uris`: of uploads and of `call.output`; `deadline` by the clock."""
        for media in call.media:
            if id(media) in uris:
                continue
            uploaded = await self._uploads.upload(key, media)
            if not isinstance(uploaded, str):
                return uploaded
            uris[id(media)] = uploaded
        body = await _rendered(call, uris)
        seconds = deadline - self._clock()
        if seconds <= 0:
            return RequestRefused(_overloaded("no time is left for another try"))
        try:
            await sending()
        except ApiError as error:
            return RequestRefused(error)
        # Before it is sent: should the process die now, this line says that a task may exist.
        self._events.emit(events.CreateSending(video, key.name, self._prices.expected(call)))
        self._events.emit(events.CreateBody(call.body))
        outcome = await self._send(key, call, uris, body, seconds)
        if isinstance(outcome, TryNextKey | TryAgainLater | RequestRefused):
            self._events.emit(events.CreateNotMade(video, key.name))
        return outcome

    async def _send(
        self, key: Key, call: TaskCall, uris: dict[int, str], body: bytes, seconds: float
    ) -> CreateOutcome:
        try:
            async with asyncio.timeout(seconds):
                reply = await self._client.create(key, call.path, body)
                # Runway's reason may repeat the link, and goes to logs and clients.
                return judge_create(without_link(reply, uris[id(call.output)]) if call.output else reply)
        except NotSentError as error:
            return TryNextKey(None, str(error))
        except UnknownOutcomeError as error:
            return OutcomeUnknown(str(error), error.timed_out)
        except TimeoutError:
            return OutcomeUnknown("no whole answer in time", timed_out=True)

    def _cost(self, call: TaskCall, estimated: float | None) -> float | None:
        """What the task will cost, as Runway estimates or, where it does not, as it was expected."""
        if estimated is None:
            return self._prices.expected(call)
        self._prices.learn(call, estimated)
        return estimated

    async def _report(self, key: Key, call: TaskCall, outcome: CreateOutcome) -> None:
        """Tells the pool what the outcome says about the key, after a check where one is needed."""
        match outcome:
            case TaskMade():
                self._pool.report(key.name, call.model, KeyReport.TASK_MADE)
            case RequestRefused(report=KeyReport() as report):
                self._pool.report(key.name, call.model, report)
            case TryNextKey(report=KeyReport() as report, reason=reason):
                alone = self._pool.report(key.name, call.model, report, reason, await _digest(call))
                if alone and await self._check_confirms(key, call.model, report):
                    self._pool.confirm(key.name, call.model, report, reason)

    async def _check_confirms(self, key: Key, model: str, report: KeyReport) -> bool:
        """Whether Runway says the same of the key itself, whatever the create. Costs nothing."""
        if report is KeyReport.MODEL_UNAVAILABLE:
            return False  # the organisation's limits do not tell
        try:
            async with asyncio.timeout(self._timeouts.key_check):
                organization = await self._client.get_organization(key)
        except (NotSentError, UnknownOutcomeError, TimeoutError):
            return False
        return check_confirms(report, model, organization)


async def _rendered(call: TaskCall, uris: dict[int, str]) -> bytes:
    return await asyncio.to_thread(call.render, uris) if call.files else call.render(uris)


async def _digest(call: TaskCall) -> bytes:
    """Tells two creates of different content apart; equal for a create and its repeat."""
    names = {id(media): media.filename for media in call.media}
    if call.output is not None:
        names[id(call.output)] = call.output.task
    return blake2b(call.path.encode() + await _rendered(call, names)).digest()


def _overloaded(reason: str, retry_after: int | None = None) -> ApiError:
    return ApiError(
        503,
        "Runway is overloaded and did not take the video; nothing was made. Try again later.",
        code="runway_overloaded",
        retry_after=retry_after,
        detail=reason,
    )


def _outcome_unknown(timed_out: bool) -> ApiError:
    return ApiError(
        504 if timed_out else 502,
        "Runway's answer to this create was lost: a paid task may exist, so it is not sent again. "
        "Look at Runway's dashboard before you create the video once more.",
        code="outcome_unknown",
        retry=False,
        may_have_made=True,
    )

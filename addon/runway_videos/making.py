"""Makes a task of a create: which key, when the next one, when the same again, when never again.

A create that was sent and has no answer is never sent again: Runway has no idempotency key and no
list of tasks, so a second one could be paid for twice and the first could not be found.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import msgspec

from runway_videos.errors import ApiError
from runway_videos.keys import Key, KeyPool
from runway_videos.logs import log, shown
from runway_videos.media import Media
from runway_videos.runway_api import NotSentError, Reply, RunwayApi, UnknownOutcomeError
from runway_videos.translate import TaskCall
from runway_videos.translate.task_call import leaves
from runway_videos.verdicts import Kind, Verdict, judge_create, judge_upload

#: How long overload is waited out, in seconds, over all tries of one create.
PATIENCE_SECONDS = 15.0
#: The first wait; each further one is twice as long, all with up to 50 % on top (Runway's advice).
FIRST_WAIT_SECONDS = 1.0


class Made(msgspec.Struct, frozen=True):
    """A task that Runway made: with which key, and what Runway thinks that it will cost."""

    key: str
    task: str
    credits: float | None


class Maker:
    """Sends creates. `clock` and `sleep` are in seconds and can be put in for tests."""

    def __init__(
        self,
        pool: KeyPool,
        api: RunwayApi,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._pool = pool
        self._api = api
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter

    async def make(self, call: TaskCall, about: str) -> Made:
        """Makes the task, once. `about` says for the log whose create this is.

        Raises ApiError; one with `may_have_made` where a paid task may exist.
        """
        tried: set[str] = set()
        give_up = self._clock() + PATIENCE_SECONDS
        wait = FIRST_WAIT_SECONDS
        while True:
            key = self._pool.pick(call.model, tried)
            if key is None:
                raise self._pool.why_none(call.model, tried)
            verdict = await self._try(key, call)
            match verdict.kind:
                case Kind.MADE:
                    return Made(key.name, verdict.task, verdict.credits)
                case Kind.NEXT_KEY:
                    log.warning("key %s: %s; trying the next key", key.name, shown(verdict.reason))
                    tried.add(key.name)
                case Kind.LATER:
                    pause = wait * (1 + self._jitter() / 2)
                    if self._clock() + pause > give_up:
                        raise _overloaded(verdict)
                    await self._sleep(pause)
                    wait *= 2
                case Kind.REFUSED:
                    raise verdict.error or _overloaded(verdict)
                case Kind.UNKNOWN:
                    raise _unknown(key, call, verdict, about)

    async def _try(self, key: Key, call: TaskCall) -> Verdict:
        """One key, one create at most; the pool is told what came of it."""
        verdict = None
        try:
            uris = {}
            for media in call.media:
                found = await self._upload(key, media)
                if isinstance(found, Verdict):
                    verdict = found
                    return verdict
                uris[id(media)] = found
            large = any(True for _ in leaves(call.body))
            body = await asyncio.to_thread(call.render, uris) if large else call.render(uris)
            verdict = await self._send(key, call, body)
            return verdict
        finally:
            if verdict is not None and verdict.outcome is not None:
                self._pool.report(key.name, call.model, verdict.outcome, verdict.reason)
            else:
                self._pool.release(key.name)

    async def _send(self, key: Key, call: TaskCall, body: bytes) -> Verdict:
        try:
            reply = await self._api.create(key, call.path, body)
        except NotSentError as error:
            return Verdict(Kind.NEXT_KEY, reason=str(error))
        except UnknownOutcomeError as error:
            return Verdict(Kind.UNKNOWN, reason=str(error), timed_out=error.timed_out)
        return judge_create(reply)

    async def _upload(self, key: Key, media: Media) -> str | Verdict:
        """Puts a file where this key's organisation can use it: its runway:// URI, or why not.

        Nothing is paid here, so a storage refusal or a lost answer asks for a new place, once.
        """
        problem = ""
        for _ in range(2):
            try:
                slot = await self._api.open_upload(key, media.filename)
                if slot.status != 200:
                    return judge_upload(slot)
                place = _Slot.read(slot)
                stored = await self._api.put_file(
                    place.uploadUrl, place.fields, media.filename, media.mime, media.data
                )
            except NotSentError as error:
                return Verdict(Kind.NEXT_KEY, reason=str(error))
            except (UnknownOutcomeError, msgspec.ValidationError, msgspec.DecodeError) as error:
                problem = str(error)
                continue
            if 200 <= stored.status < 300:
                return place.runwayUri
            problem = f"HTTP {stored.status}"
        log.warning("key %s: the upload of a file failed twice: %s", key.name, shown(problem))
        failure = ApiError(
            502,
            f"Runway's storage did not take the uploaded {media.kind}; nothing was made. Try again.",
            code="upload_failed",
        )
        return Verdict(Kind.REFUSED, reason=problem, error=failure)


class _Slot(msgspec.Struct, frozen=True):
    """Runway's answer to `POST /v1/uploads`."""

    uploadUrl: str
    fields: dict[str, str]
    runwayUri: str

    @staticmethod
    def read(reply: Reply) -> _Slot:
        return msgspec.json.decode(reply.body, type=_Slot)


def _overloaded(verdict: Verdict) -> ApiError:
    return ApiError(
        503,
        "Runway is overloaded and did not take the video; nothing was made. Try again later.",
        code="runway_overloaded",
        detail=verdict.reason,
    )


def _unknown(key: Key, call: TaskCall, verdict: Verdict, about: str) -> ApiError:
    log.error(
        "OUTCOME UNKNOWN: a paid task may exist at Runway. key %s, %s of %s, %s: %s",
        key.name,
        call.mode,
        call.model,
        about,
        shown(verdict.reason),
    )
    return ApiError(
        504 if verdict.timed_out else 502,
        "Runway's answer to this create was lost: a paid task may exist, so it is not sent again. "
        "Look at Runway's dashboard before you create the video once more.",
        code="outcome_unknown",
        retry=False,
        may_have_made=True,
    )

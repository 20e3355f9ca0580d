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
from runway_videos.keys.pool import Key, KeyPool
from runway_videos.logs import escaped, log
from runway_videos.media import Media
from runway_videos.translate import TaskCall
from runway_videos.translate.task_call import leaves
from runway_videos.upstream.client import NotSentError, Reply, RunwayClient, UnknownOutcomeError
from runway_videos.upstream.create_answers import Kind, Verdict, judge_create, judge_upload

#: How long overload is waited out, in seconds, over all tries of one create.
MAX_RETRY_SECONDS = 15.0
#: The first wait; each further one is twice as long, all with up to 50 % on top (Runway's advice).
FIRST_WAIT_SECONDS = 1.0

#: Files that are put into Runway's storage at once; further ones wait.
MAX_UPLOADS = 16


class SubmittedTask(msgspec.Struct, frozen=True):
    """A task that Runway made: with which key, and what Runway thinks that it will cost."""

    key: str
    task: str
    credits: float | None


class Submitter:
    """Sends creates. `clock` and `sleep` are in seconds and can be put in for tests."""

    def __init__(
        self,
        pool: KeyPool,
        client: RunwayClient,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._pool = pool
        self._client = client
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._uploads = asyncio.Semaphore(MAX_UPLOADS)

    async def submit(self, call: TaskCall, about: str) -> SubmittedTask:
        """Makes the task, once. `about` says for the log whose create this is.

        Raises ApiError; one with `may_have_made` where a paid task may exist.
        """
        tried: set[str] = set()
        uploads: dict[str, dict[int, str]] = {}
        give_up: float | None = None
        wait = FIRST_WAIT_SECONDS
        while True:
            key = self._pool.pick(call.model, tried)
            if key is None:
                raise self._pool.no_key_error(call.model, tried)
            # An upload is the organisation's own: another key needs its own, the same key does not.
            verdict = await self._try(key, call, about, uploads.setdefault(key.name, {}))
            match verdict.kind:
                case Kind.MADE:
                    return SubmittedTask(key.name, verdict.task, verdict.credits)
                case Kind.NEXT_KEY:
                    reason = escaped(verdict.reason)
                    log.warning("key %s cannot take a create of %s: %s", key.name, call.model, reason)
                    tried.add(key.name)
                case Kind.LATER:
                    pause = wait * (1 + self._jitter() / 2)
                    # From the first refusal on: an upload's time is not overload.
                    give_up = self._clock() + MAX_RETRY_SECONDS if give_up is None else give_up
                    if self._clock() + pause > give_up:
                        raise _overloaded(verdict)
                    await self._sleep(pause)
                    wait *= 2
                case Kind.REFUSED:
                    raise verdict.error or _overloaded(verdict)
                case Kind.UNKNOWN:
                    raise _unknown(key, call, verdict, about)

    async def _try(self, key: Key, call: TaskCall, about: str, uris: dict[int, str]) -> Verdict:
        """One key, one create at most; the pool is told what came of it. `uris`: what is uploaded."""
        verdict = None
        try:
            for media in call.media:
                if id(media) in uris:
                    continue
                async with self._uploads:
                    found = await self._upload(key, media)
                if isinstance(found, Verdict):
                    verdict = found
                    return verdict
                uris[id(media)] = found
            large = any(True for _ in leaves(call.body))
            body = await asyncio.to_thread(call.render, uris) if large else call.render(uris)
            # Before it is sent: should the process die now, this line says that a task may exist.
            log.info("creating: %s, key %s", about, key.name)
            verdict = await self._send(key, call, body)
            return verdict
        finally:
            if verdict is not None and verdict.outcome is not None:
                self._pool.report(key.name, call.model, verdict.outcome, verdict.reason)
            else:
                self._pool.release(key.name)

    async def _send(self, key: Key, call: TaskCall, body: bytes) -> Verdict:
        try:
            reply = await self._client.create(key, call.path, body)
        except NotSentError as error:
            return Verdict(Kind.NEXT_KEY, reason=str(error))
        except UnknownOutcomeError as error:
            return Verdict(Kind.UNKNOWN, reason=str(error), timed_out=error.timed_out)
        return judge_create(_without(key, reply))

    async def _upload(self, key: Key, media: Media) -> str | Verdict:
        """Puts a file where this key's organisation can use it: its runway:// URI, or why not.

        Nothing is paid here, so a storage refusal or a lost answer asks for a new place, once.
        """
        problem = ""
        for _ in range(2):
            try:
                slot = await self._client.open_upload(key, media.filename)
                if not 200 <= slot.status < 300:
                    return judge_upload(_without(key, slot))
                place = _Slot.read(slot)
                stored = await self._client.put_file(
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
        log.warning("key %s: the upload of a file failed twice: %s", key.name, escaped(problem))
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


def _without(key: Key, reply: Reply) -> Reply:
    """An answer for logs and clients: Runway may repeat the key's value."""
    return Reply(reply.status, reply.body.replace(key.value.encode(), "…".encode()))


def _overloaded(verdict: Verdict) -> ApiError:
    return ApiError(
        503,
        "Runway is overloaded and did not take the video; nothing was made. Try again later.",
        code="runway_overloaded",
        detail=verdict.reason,
    )


def _unknown(key: Key, call: TaskCall, verdict: Verdict, about: str) -> ApiError:
    log.error(
        "OUTCOME UNKNOWN: a paid task may exist at Runway: %s, key %s: %s",
        about,
        key.name,
        escaped(verdict.reason),
    )
    return ApiError(
        504 if verdict.timed_out else 502,
        "Runway's answer to this create was lost: a paid task may exist, so it is not sent again. "
        "Look at Runway's dashboard before you create the video once more.",
        code="outcome_unknown",
        retry=False,
        may_have_made=True,
    )

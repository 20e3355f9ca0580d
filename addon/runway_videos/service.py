"""The operations, in order. Read `create` from top to bottom to see what happens to a create."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec

from runway_videos import catalog, events
from runway_videos.config.conf_file import ConfigError
from runway_videos.config.settings import SANDBOX_KEY, Settings
from runway_videos.errors import ApiError
from runway_videos.idempotency.creates import CreateMark, Repeats
from runway_videos.idempotency.fingerprint import content_digest
from runway_videos.keys.pool import KeyPool
from runway_videos.openai.authentication import too_large
from runway_videos.openai.messages import Answer, Call, Download, PassOn
from runway_videos.openai.routes import Operation
from runway_videos.openai.unsupported import no_operation, unsupported
from runway_videos.openai.video import Deleted, encode
from runway_videos.request_body import read_fields
from runway_videos.runtime import Known, Parts, size_of
from runway_videos.sandbox import Sandbox
from runway_videos.store.video_ids import IdSealer, Ticket, UnsealableError, owner_of
from runway_videos.store.video_records import Memory, VideoMap
from runway_videos.translate import Plan, plan_create, resolve_model
from runway_videos.translate.task_status import TaskState
from runway_videos.upstream.client import RunwayApi
from runway_videos.upstream.content import Content
from runway_videos.upstream.poll import Watcher, render_video
from runway_videos.upstream.submit import Maker

#: A body larger than this is read beside the event loop, which then serves others.
LARGEST_INLINE_BODY = 256 << 10


class Created(msgspec.Struct, frozen=True):
    """What a create came to: kept for its repeats, so it is small."""

    video_id: str
    ticket: Ticket


class Service:
    """Serves calls. `start` before the first, `close` after the last."""

    def __init__(self, settings: Settings) -> None:
        videos: VideoMap[Known] = VideoMap(_clock, size_of)
        self._parts = Parts(
            settings=settings,
            pool=KeyPool(settings.keys, _clock),
            sealer=_sealer(settings),
            api=RunwayApi(settings.base_url, settings.proxy),
            videos=videos,
        )
        self._repeats: Repeats[Created] = Repeats(_clock, _is_kept)
        self._sandbox: Sandbox | None = None
        self._started = False
        self._assemble()

    def _assemble(self) -> None:
        parts = self._parts
        self._marks = parts.marks()
        self._maker = Maker(parts.pool, parts.api, parts.clock)
        self._watcher = Watcher(parts)
        self._content = Content(parts, self._watcher)
        self._operations: dict[Operation, Callable[[Call], Awaitable[Answer | Download | PassOn]]] = {
            Operation.CREATE: self.create,
            Operation.STATUS: self.status,
            Operation.CONTENT: self._content.content,
            Operation.DELETE: self.delete,
            Operation.UNSUPPORTED: unsupported,
            Operation.WRONG_METHOD: no_operation,
        }

    async def handle(self, call: Call) -> Answer | Download | PassOn:
        """Answers a call. Raises ApiError."""
        return await self._operations[call.route.operation](call)

    async def create(self, call: Call) -> Answer | PassOn:
        """Makes a video: reads what is asked for, makes the task once, seals the id, remembers."""
        plan, digest = await self._understand(call)
        if isinstance(plan, PassOn):
            return plan
        if plan.ignored:
            events.left_out(plan.ignored)
        seat = self._repeats.enter(_mark(call, digest), lambda: self._make(plan, call.caller), call.gone)
        try:
            created = await seat.outcome()
        finally:
            seat.answered(delivered=not call.gone())
        memory = self._remember(created.ticket, call.caller, plan)
        video = render_video(created.video_id, created.ticket, memory, TaskState("queued"))
        return Answer(200, self._marks, encode(video))

    async def status(self, call: Call) -> Answer:
        """A video's status."""
        video_id = call.route.video_id
        ticket, memory = self._watcher.find(video_id, call.caller)
        known = await self._watcher.status(video_id, ticket, memory)
        return Answer(200, self._marks, known.body)

    async def delete(self, call: Call) -> Answer:
        """Cancels or deletes a video."""
        video_id = call.route.video_id
        await self._watcher.delete(video_id, *self._watcher.find(video_id, call.caller))
        return Answer(200, self._marks, encode(Deleted(id=video_id)))

    async def _understand(self, call: Call) -> tuple[Plan | PassOn, bytes]:
        if call.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise ApiError(
                415,
                "A compressed request body is not read; send it without Content-Encoding.",
                code="unsupported_content_encoding",
            )
        if len(call.body) > self._parts.settings.max_body:  # its length was not announced
            raise too_large(self._parts.settings.max_body, len(call.body))
        if len(call.body) > LARGEST_INLINE_BODY:
            return await asyncio.to_thread(self._read, call)
        return self._read(call)

    def _read(self, call: Call) -> tuple[Plan | PassOn, bytes]:
        """The task call that a create asks for, and the digest of its content. No I/O."""
        models, aliases = catalog.load(), self._parts.settings.aliases
        fields = read_fields(call.headers.get("content-type", ""), call.body)
        if resolve_model(fields.values.get("model"), models, aliases) is None:
            names = [pattern for pattern, _ in aliases] + list(models.models())
            return PassOn(", ".join(names)), b""
        return plan_create(fields, models, aliases), content_digest(fields.values)

    async def _make(self, plan: Plan, caller: str) -> Created:
        """Makes the task and the id that will find it. Runs to its end whatever the client does."""
        # One configuration for the whole create: a change of keys in between must lose nothing.
        sealer = self._parts.sealer
        started = self._parts.clock()
        created_at = int(self._parts.now())
        made = await self._maker.make(plan.call, events.about(plan, caller))
        ticket = Ticket(
            key=made.key,
            task=made.task,
            owner=owner_of(caller),
            model=plan.model,
            seconds=plan.seconds,
            size=plan.size,
            created=created_at,
        )
        self._remember(ticket, caller, plan)
        events.created(plan, made, caller, self._parts.clock() - started, self._parts.settings.sandbox)
        try:
            return Created(sealer.seal(ticket), ticket)
        except UnsealableError as error:
            raise ApiError(
                502,
                "Runway made the video, but its task's name fits in no video id; the operator finds it in "
                "the proxy's log.",
                code="unsealable_task",
                retry=False,
                detail=str(error),
                may_have_made=True,
            ) from error

    def _remember(self, ticket: Ticket, caller: str, plan: Plan) -> Memory[Known]:
        return self._parts.videos.remember(ticket, caller, runway_model=plan.call.model, prompt=plan.prompt)

    async def start(self) -> None:
        """Starts the sandbox where it is asked for."""
        self._started = True
        if self._parts.settings.sandbox and self._sandbox is None:
            self._sandbox = Sandbox({SANDBOX_KEY.value: "sandbox"})
            url = await self._sandbox.start()
            await self._parts.api.close()
            self._parts.api = RunwayApi(url)
            self._assemble()

    @property
    def marks(self) -> dict[str, str]:
        """Headers that errors carry too."""
        return self._parts.sandbox_mark()

    def link_failed(self, download: Download, problem: str) -> None:
        """Told by the door: a video's link did not give it."""
        self._content.link_failed(download, problem)

    @property
    def creates_in_flight(self) -> int:
        """Creates that have no outcome yet."""
        return self._repeats.running

    async def drain(self, seconds: float) -> int:
        """Takes no more creates and waits for those in flight; gives how many still are."""
        return await self._repeats.drain(seconds)

    async def close(self) -> None:
        """Closes connections and the sandbox."""
        await self._parts.api.close()
        if self._sandbox is not None:
            await self._sandbox.stop()

    def reconfigure(self, settings: Settings) -> None:
        """Takes new settings; videos and repeats are kept, keys begin with a clean record.

        Raises ConfigError, and then nothing has changed.
        """
        parts = self._parts
        before = parts.settings
        if self._started and settings.sandbox != before.sandbox:
            # A real key must never go to the box, nor the box's mark on a paid video.
            raise ConfigError("runway_sandbox: takes effect at the start; end the proxy and start it again")
        parts.sealer = _sealer(settings)
        parts.settings = settings
        if settings.keys != before.keys:
            parts.pool = KeyPool(settings.keys, parts.clock)
        if (settings.base_url, settings.proxy) != (before.base_url, before.proxy) and not self._sandbox:
            # The old one may have creates in flight: it ends by itself when they are answered.
            parts.api = RunwayApi(settings.base_url, settings.proxy)
        self._assemble()


def _mark(call: Call, digest: bytes) -> CreateMark:
    """What tells a repeat of this create. The stock clients count their retries, and send no key."""
    count = call.headers.get("x-stainless-retry-count", "")
    return CreateMark(
        caller=call.caller,
        digest=digest,
        idempotency_key=call.headers.get("idempotency-key") or None,
        retry_count=int(count) if count.isdecimal() and len(count) < 4 else 0,
    )


def _is_kept(outcome: Created | Exception) -> bool:
    """Whether a repeat must get this outcome: a task was made or may have been made.

    A fault of ours counts: nobody knows how far it came.
    """
    return not isinstance(outcome, ApiError) or outcome.may_have_made


def _clock() -> float:
    return time.monotonic()


def _sealer(settings: Settings) -> IdSealer:
    try:
        return IdSealer({key.name: key.value for key in settings.keys}, settings.id_secrets)
    except ValueError as error:
        raise ConfigError(f"runway_keys: {error}") from error

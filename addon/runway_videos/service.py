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
from runway_videos.idempotency.creates import Creates, may_have_made
from runway_videos.idempotency.fingerprint import fingerprint_of, identity_of
from runway_videos.keys.pool import KeyPool
from runway_videos.openai.authentication import too_large
from runway_videos.openai.messages import Answer, Call, Download, PassThrough
from runway_videos.openai.routes import Operation
from runway_videos.openai.unsupported import method_not_allowed, unsupported
from runway_videos.openai.video import Deleted, encode
from runway_videos.request_body import read_fields
from runway_videos.runtime import CachedStatus, Runtime, size_of
from runway_videos.sandbox import Sandbox
from runway_videos.store.video_ids import IdSealer, UnsealableError, VideoReference, owner_hash
from runway_videos.store.video_records import VideoRecord, VideoRecords
from runway_videos.translate import Plan, plan_create, resolve_model
from runway_videos.translate.task_status import TaskState
from runway_videos.upstream.client import RunwayClient
from runway_videos.upstream.content import Content
from runway_videos.upstream.poll import Poller, render_video
from runway_videos.upstream.submit import Submitter

#: A body larger than this is read beside the event loop, which then serves others.
LARGEST_INLINE_BODY = 256 << 10


class Created(msgspec.Struct, frozen=True):
    """What a create came to: kept for its retries, so it is small."""

    video_id: str
    reference: VideoReference


class Service:
    """Serves calls. `start` before the first, `close` after the last."""

    def __init__(self, settings: Settings, creates: Creates[Created] | None = None) -> None:
        videos: VideoRecords[CachedStatus] = VideoRecords(_clock, size_of)
        self._runtime = Runtime(
            settings=settings,
            pool=KeyPool(settings.keys, _clock),
            sealer=_sealer(settings),
            client=RunwayClient(settings.base_url, settings.proxy),
            videos=videos,
        )
        self._creates: Creates[Created] = Creates(_clock, may_have_made) if creates is None else creates
        self._sandbox: Sandbox | None = None
        self._started = False
        self._assemble()

    def _assemble(self) -> None:
        runtime = self._runtime
        self._video_headers = runtime.video_headers()
        self._submitter = Submitter(runtime.pool, runtime.client, runtime.clock)
        self._poller = Poller(runtime)
        self._content = Content(runtime, self._poller)
        self._operations: dict[Operation, Callable[[Call], Awaitable[Answer | Download | PassThrough]]] = {
            Operation.CREATE: self.create,
            Operation.STATUS: self.status,
            Operation.CONTENT: self._content.content,
            Operation.DELETE: self.delete,
            Operation.UNSUPPORTED: unsupported,
            Operation.WRONG_METHOD: method_not_allowed,
        }

    async def handle(self, call: Call) -> Answer | Download | PassThrough:
        """Answers a call. Raises ApiError."""
        return await self._operations[call.route.operation](call)

    async def create(self, call: Call) -> Answer | PassThrough:
        """Makes a video: reads what is asked for, makes the task once, seals the id, remembers."""
        plan, fingerprint = await self._understand(call)
        if isinstance(plan, PassThrough):
            return plan
        if plan.ignored:
            events.fields_ignored(plan.ignored)
        about = events.about(plan, call.caller)
        identity = identity_of(call.headers, call.caller, fingerprint, about)
        waiter = self._creates.enter(identity, lambda: self._submit(plan, call.caller), call.gone)
        try:
            created = await waiter.outcome()
        finally:
            waiter.answered(delivered=not call.gone())
        record = self._remember(created.reference, call.caller, plan)
        video = render_video(created.video_id, created.reference, record, TaskState("queued"))
        return Answer(200, self._video_headers, encode(video))

    async def status(self, call: Call) -> Answer:
        """A video's status."""
        video_id = call.route.video_id
        reference, record = self._poller.find(video_id, call.caller)
        cached = await self._poller.status(video_id, reference, record)
        return Answer(200, self._video_headers, cached.body)

    async def delete(self, call: Call) -> Answer:
        """Cancels or deletes a video."""
        video_id = call.route.video_id
        await self._poller.delete(video_id, *self._poller.find(video_id, call.caller))
        return Answer(200, self._video_headers, encode(Deleted(id=video_id)))

    async def _understand(self, call: Call) -> tuple[Plan | PassThrough, bytes]:
        if call.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise ApiError(
                415,
                "A compressed request body is not read; send it without Content-Encoding.",
                code="unsupported_content_encoding",
            )
        if len(call.body) > self._runtime.settings.max_body:  # its length was not announced
            raise too_large(self._runtime.settings.max_body, len(call.body))
        if len(call.body) > LARGEST_INLINE_BODY:
            return await asyncio.to_thread(self._read, call)
        return self._read(call)

    def _read(self, call: Call) -> tuple[Plan | PassThrough, bytes]:
        """The task call that a create asks for, and its fingerprint. No I/O."""
        models, aliases = catalog.load(), self._runtime.settings.aliases
        fields = read_fields(call.headers.get("content-type", ""), call.body)
        if resolve_model(fields.values.get("model"), models, aliases) is None:
            names = [pattern for pattern, _ in aliases] + list(models.models())
            return PassThrough(", ".join(names)), b""
        plan = plan_create(fields, models, aliases)
        return plan, fingerprint_of(call.route.operation.value, plan)

    async def _submit(self, plan: Plan, caller: str) -> Created:
        """Makes the task and the id that will find it. Runs to its end whatever the client does."""
        # One configuration for the whole create: a change of keys in between must lose nothing.
        sealer = self._runtime.sealer
        started = self._runtime.clock()
        created_at = int(self._runtime.now())
        submitted = await self._submitter.submit(plan.call, events.about(plan, caller))
        reference = VideoReference(
            key=submitted.key,
            task=submitted.task,
            owner=owner_hash(caller),
            model=plan.model,
            seconds=plan.seconds,
            size=plan.size,
            created=created_at,
        )
        self._remember(reference, caller, plan)
        events.created(
            plan, submitted, caller, self._runtime.clock() - started, self._runtime.settings.sandbox
        )
        try:
            return Created(sealer.seal(reference), reference)
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

    def _remember(self, reference: VideoReference, caller: str, plan: Plan) -> VideoRecord[CachedStatus]:
        return self._runtime.videos.remember(
            reference, caller, runway_model=plan.call.model, prompt=plan.prompt
        )

    async def start(self) -> None:
        """Starts the sandbox where it is asked for."""
        self._started = True
        if self._runtime.settings.sandbox and self._sandbox is None:
            self._sandbox = Sandbox({SANDBOX_KEY.value: "sandbox"})
            url = await self._sandbox.start()
            await self._runtime.client.close()
            self._runtime.client = RunwayClient(url)
            self._assemble()

    @property
    def sandbox_headers(self) -> dict[str, str]:
        """Headers that errors carry too."""
        return self._runtime.sandbox_headers()

    def link_failed(self, download: Download, problem: str) -> None:
        """Told by the door: a video's link did not give it."""
        self._content.link_failed(download, problem)

    @property
    def creates_in_flight(self) -> int:
        """Creates that have no outcome yet."""
        return self._creates.running

    async def drain(self, seconds: float) -> int:
        """Takes no more creates and waits for those in flight. Who still waits after that is told
        that the outcome is unknown; gives how many creates that were."""
        given_up = await self._creates.drain(seconds)
        for about in given_up:
            events.given_up(about)
        return len(given_up)

    def clients_owed(self) -> int:
        """Clients that left a moment ago without their create's outcome, and may come back."""
        return self._creates.owed()

    def clients_waiting(self) -> int:
        """Clients that are there and have no answer to their create yet."""
        return self._creates.answering()

    async def close(self) -> None:
        """Closes connections and the sandbox."""
        await self._runtime.client.close()
        if self._sandbox is not None:
            await self._sandbox.stop()

    def reconfigure(self, settings: Settings) -> None:
        """Takes new settings; videos and repeats are kept, keys begin with a clean record.

        Raises ConfigError, and then nothing has changed.
        """
        runtime = self._runtime
        before = runtime.settings
        if self._started and settings.sandbox != before.sandbox:
            # A real key must never go to the box, nor the box's mark on a paid video.
            raise ConfigError("runway_sandbox: takes effect at the start; end the proxy and start it again")
        runtime.sealer = _sealer(settings)
        runtime.settings = settings
        if settings.keys != before.keys:
            runtime.pool = KeyPool(settings.keys, runtime.clock)
        if (settings.base_url, settings.proxy) != (before.base_url, before.proxy) and not self._sandbox:
            # The old one may have creates in flight: it ends by itself when they are answered.
            runtime.client = RunwayClient(settings.base_url, settings.proxy)
        self._assemble()


def _clock() -> float:
    return time.monotonic()


def _sealer(settings: Settings) -> IdSealer:
    try:
        return IdSealer({key.name: key.value for key in settings.keys}, settings.id_secrets)
    except ValueError as error:
        raise ConfigError(f"runway_keys: {error}") from error

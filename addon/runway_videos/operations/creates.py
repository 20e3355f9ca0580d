"""The operations that are paid for: create, remix, edit, extend. All go one way: a plan, then one task
for it, once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from runway_videos import events
from runway_videos.events import VideoFacts
from runway_videos.idempotency.fingerprint import identity_of
from runway_videos.idempotency.in_flight_create import Sending, may_have_made
from runway_videos.idempotency.interface import KeepsCreates
from runway_videos.openai.messages import Answer, Call, PassThrough
from runway_videos.openai.refusals import replay_refused
from runway_videos.openai.routes import Operation
from runway_videos.openai.video import encode
from runway_videos.operations.create_plan import PlannedCreate, facts_of, plan_of
from runway_videos.operations.spending import Spending
from runway_videos.runtime import CachedStatus, RequestedVideo, Runtime
from runway_videos.store.video_ids import UnsealableError, VideoReference, owner_hash, unsealable_task
from runway_videos.store.video_records import VideoRecord
from runway_videos.translate.task_status import TaskState
from runway_videos.upstream.poll import Poller
from runway_videos.upstream.source_link import source_link
from runway_videos.upstream.submit import Submitter
from runway_videos.upstream.uploads import MAX_UPLOADS
from runway_videos.upstream.video_state import render_video


class Created(msgspec.Struct, frozen=True):
    """What a create came to: kept for its retries, so it is small. `model` and `size` are Runway's."""

    video_id: str
    reference: VideoReference
    credits: float | None
    model: str
    size: str


class PaidOperations:
    """Makes videos. `creates` are those in flight and kept; they outlive a runtime. `written` waits until
    a task's webhooks cannot be forgotten."""

    def __init__(
        self,
        creates: KeepsCreates[Created],
        poller: Poller,
        spending: Spending,
        written: Callable[[str], Awaitable[None]],
    ) -> None:
        self._creates = creates
        self._poller = poller
        self._spending = spending
        self._written = written
        self._uploads = asyncio.Semaphore(MAX_UPLOADS)

    async def make(self, runtime: Runtime, call: Call) -> Answer | PassThrough:
        """Makes a video: reads what is asked for, makes the task once, seals the id, remembers."""
        planned = await plan_of(runtime, call)
        if isinstance(planned, PassThrough):
            return planned
        if call.replayed and not runtime.settings.replay:
            raise replay_refused()
        if planned.plan.ignored:
            runtime.events.emit(events.FieldsIgnored(planned.plan.ignored))
        facts = facts_of(planned, call.caller)
        identity = identity_of(call.headers, call.caller, planned.fingerprint, facts)
        begun = False

        async def submit(sending: Sending) -> Created:
            nonlocal begun
            begun = True
            return await self._submit(runtime, planned, facts, sending)

        waiter = self._creates.enter(identity, submit, call.gone)
        try:
            created = await waiter.outcome()
            await self._written(created.reference.task)
        finally:
            waiter.answered(delivered=not call.gone())
        if not begun:
            runtime.events.emit(events.RetryJoined(call.caller))
        record = _remember(runtime, created, call.caller, planned)
        video = RequestedVideo(created.video_id, record)
        headers = runtime.created_headers(video, created.credits)
        return Answer(200, headers, encode(render_video(video, TaskState("queued"))))

    async def _submit(
        self, runtime: Runtime, planned: PlannedCreate, facts: VideoFacts, sending: Sending
    ) -> Created:
        """Makes the video within its caller's limits. Runs to its end whatever the client does."""
        reservation = await self._spending.reserve(runtime, planned.plan, facts.caller)
        try:
            created = await self._make_task(runtime, planned, facts, sending)
        except Exception as error:
            await (reservation.lost() if may_have_made(error) else reservation.give_back())
            raise
        await reservation.made(created.reference.task, created.video_id, created.credits)
        return created

    async def _make_task(
        self, runtime: Runtime, planned: PlannedCreate, facts: VideoFacts, sending: Sending
    ) -> Created:
        """Makes the task and the id that will find it."""
        caller, plan = facts.caller, planned.plan
        started = runtime.clock()
        # In here, and not with the plan: a retry waits for this one, whatever its source's link is.
        link = await self._link(runtime, planned)
        created_at = int(runtime.now())
        submitted = await Submitter(runtime, self._uploads).submit(plan.call, facts, sending, link)
        reference = VideoReference(
            key=submitted.key,
            task=submitted.task,
            owner=owner_hash(caller),
            model=plan.model,
            seconds=plan.seconds,
            size=plan.size,
            created=created_at,
        )
        created = Created("", reference, submitted.credits, plan.call.model, plan.made_size)
        record = _remember(runtime, created, caller, planned)
        record.made_here = True
        runtime.shared.created(record)
        took = runtime.clock() - started
        key, task, video_id = submitted.key, submitted.task, ""
        try:
            video_id = runtime.sealer.seal(reference)
        except UnsealableError as error:
            raise unsealable_task(error) from error
        finally:
            told = (facts, key, task, submitted.credits, took, video_id, plan.prompt or "")
            runtime.events.emit(events.VideoSubmitted(*told))
        return msgspec.structs.replace(created, video_id=video_id)

    async def _link(self, runtime: Runtime, planned: PlannedCreate) -> str:
        if planned.source is None:
            return ""
        param = "video_id" if planned.operation is Operation.REMIX else "video"
        return await source_link(runtime, self._poller, planned.source, param)


def _remember(
    runtime: Runtime, created: Created, caller: str, planned: PlannedCreate
) -> VideoRecord[CachedStatus]:
    plan, source = planned.plan, planned.source
    remixed = source is not None and planned.operation is not Operation.EXTEND
    return runtime.videos.remember(
        created.reference,
        caller,
        runway_model=created.model,
        runway_size=created.size,
        prompt=plan.prompt,
        remixed_from=source.video_id if source is not None and remixed else None,
    )

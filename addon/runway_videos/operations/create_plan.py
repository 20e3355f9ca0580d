"""What a paid call asks for: its body read, the Runway task planned, the fingerprint that tells a retry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import msgspec

from runway_videos import catalog
from runway_videos.errors import ApiError
from runway_videos.events import VideoFacts
from runway_videos.idempotency.fingerprint import fingerprint_of
from runway_videos.media import TaskOutput
from runway_videos.openai.messages import Call, PassThrough
from runway_videos.openai.refusals import too_large
from runway_videos.openai.routes import Operation
from runway_videos.operations.derived import Original, plan_derived
from runway_videos.operations.sources import names_ours, source_of
from runway_videos.request_body import Fields, read_fields
from runway_videos.runtime import RequestedVideo, Runtime
from runway_videos.translate import Plan, Source, plan_create, resolve_model

#: A body larger than this is read beside the event loop, which then serves others.
LARGEST_INLINE_BODY = 256 << 10


class PlannedCreate(msgspec.Struct, frozen=True):
    """A paid call, understood. `source`: the video made earlier that this one is made from."""

    operation: Operation
    plan: Plan
    fingerprint: bytes
    source: RequestedVideo | None = None


async def plan_of(runtime: Runtime, call: Call) -> PlannedCreate | PassThrough:
    """The plan of a paid call. Nothing is asked of Runway. Raises ApiError."""
    max_body = runtime.settings.max_body
    if call.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise ApiError(
            415,
            "A compressed request body is not read; send it without Content-Encoding.",
            code="unsupported_content_encoding",
        )
    if len(call.body) > max_body:  # its length was not announced
        raise too_large(max_body, len(call.body))
    operation = call.route.operation
    if operation is Operation.CREATE:
        return await _run(call, lambda: _plan(runtime, operation, _read(call), None))
    fields = await _run(call, lambda: _read(call))
    source = source_of(runtime, call, fields)
    if isinstance(source, PassThrough):
        return source
    return await _run(call, lambda: _plan(runtime, operation, fields, source))


async def names_our_video(call: Call) -> bool:
    """Whether a call's body names a video that was made here as its source."""
    try:
        fields = await _run(call, lambda: _read(call))
        return names_ours(fields)
    except ApiError:
        return False  # it cannot be read


def _read(call: Call) -> Fields:
    return read_fields(call.headers.get("content-type", ""), call.body)


async def _run[T](call: Call, work: Callable[[], T]) -> T:
    """Does the work, of a large body in a thread."""
    return await asyncio.to_thread(work) if len(call.body) > LARGEST_INLINE_BODY else work()


def _plan(
    runtime: Runtime, operation: Operation, fields: Fields, source: RequestedVideo | None
) -> PlannedCreate | PassThrough:
    """The task call that is asked for, and its fingerprint. No I/O."""
    models, aliases = catalog.load(), runtime.settings.aliases
    plan: Plan | None = None
    if operation is not Operation.CREATE:
        only = source.reference.key if source else None
        serves = partial(runtime.pool.serves, only=only)
        plan = plan_derived(operation, fields, _original(source), runtime.settings, models, serves)
    elif resolved := resolve_model(fields.values.get("model"), models, aliases):
        plan = plan_create(fields, models, resolved, runtime.pool.serves)
    if plan is None:
        names = [pattern for pattern, _ in aliases] + list(models.models())
        return PassThrough(", ".join(names), model=str(fields.values.get("model", "")))
    return PlannedCreate(operation, plan, fingerprint_of(operation.value, plan), source)


def _original(source: RequestedVideo | None) -> Original | None:
    if source is None:
        return None
    reference = source.reference
    output = TaskOutput(reference.key, reference.task)
    return Original(Source(output, reference.seconds, reference.size), reference.model)


def facts_of(planned: PlannedCreate, caller: str) -> VideoFacts:
    """A create in short. The ratio is told where the size does not say it, and so on."""
    plan, source = planned.plan, planned.source
    body = plan.call.body
    in_facts = {"ratio": (plan.made_size or plan.size).replace("x", ":"), "duration": plan.seconds}
    sent = tuple(
        (wire, str(body[wire]))
        for wire in ("ratio", "resolution", "duration")
        if wire in body and str(body[wire]) != in_facts.get(wire)
    )
    call = plan.call
    return VideoFacts(
        plan.model,
        plan.seconds,
        plan.made_size or plan.size,
        caller,
        call.model,
        call.mode,
        sent,
        plan.asked_size,
        f"{planned.operation.value} of task {source.task}" if source else "",
    )

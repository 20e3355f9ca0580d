"""What a create asks for: its body read, the Runway task planned, the fingerprint that tells a retry."""

from __future__ import annotations

import asyncio

from runway_videos import catalog
from runway_videos.errors import ApiError
from runway_videos.events import VideoFacts
from runway_videos.idempotency.fingerprint import fingerprint_of
from runway_videos.openai.authentication import too_large
from runway_videos.openai.messages import Call, PassThrough
from runway_videos.request_body import read_fields
from runway_videos.runtime import Runtime
from runway_videos.translate import Plan, plan_create, resolve_model

#: A body larger than this is read beside the event loop, which then serves others.
LARGEST_INLINE_BODY = 256 << 10


async def plan_of(runtime: Runtime, call: Call) -> tuple[Plan | PassThrough, bytes]:
    """The plan of a create and its fingerprint. Raises ApiError; a large body is read in a thread."""
    max_body = runtime.settings.max_body
    if call.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise ApiError(
            415,
            "A compressed request body is not read; send it without Content-Encoding.",
            code="unsupported_content_encoding",
        )
    if len(call.body) > max_body:  # its length was not announced
        raise too_large(max_body, len(call.body))
    if len(call.body) > LARGEST_INLINE_BODY:
        return await asyncio.to_thread(_read, runtime, call)
    return _read(runtime, call)


def _read(runtime: Runtime, call: Call) -> tuple[Plan | PassThrough, bytes]:
    """The task call that a create asks for, and its fingerprint. No I/O."""
    models, aliases = catalog.load(), runtime.settings.aliases
    fields = read_fields(call.headers.get("content-type", ""), call.body)
    resolved = resolve_model(fields.values.get("model"), models, aliases)
    if resolved is None:
        names = [pattern for pattern, _ in aliases] + list(models.models())
        return PassThrough(", ".join(names)), b""
    plan = plan_create(fields, models, resolved)
    return plan, fingerprint_of(call.route.operation.value, plan)


def facts_of(plan: Plan, caller: str) -> VideoFacts:
    """A create in short. The ratio is told where the size does not say it, and so on."""
    body = plan.call.body
    told = {"ratio": plan.size.replace("x", ":"), "duration": plan.seconds}
    sent = tuple(
        (wire, str(body[wire]))
        for wire in ("ratio", "resolution", "duration")
        if wire in body and str(body[wire]) != told.get(wire)
    )
    call = plan.call
    return VideoFacts(
        plan.model, plan.seconds, plan.size, caller, call.model, call.mode, sent, plan.asked_size
    )

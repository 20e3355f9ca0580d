"""By what a retry is known: the caller, what the create means, and what the client says itself.

The fingerprint is made of the create after translation: with defaults filled in, under Runway's
field names, numbers as numbers, files by their content. So the same create is known again when it
is spelled otherwise (`"8"` and `8`, JSON and a form), and what is ignored (`user`, `metadata`)
makes no difference. The model counts as the client called it, for so the answer calls it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import msgspec

from runway_videos.events import VideoFacts
from runway_videos.idempotency.in_flight_create import CreateIdentity
from runway_videos.media import Media, TaskOutput
from runway_videos.request_context import current_request
from runway_videos.translate import Plan

#: A client's own count of its retries; more digits are no count.
_LONGEST_COUNT = 3


def fingerprint_of(operation: str, plan: Plan) -> bytes:
    """32 bytes, equal for creates that mean the same. `operation` keeps other operations apart.

    Large files are hashed without the interpreter's lock: call it in a thread for them.
    """
    plan = plan.preferred or plan
    media = {path: sha256(file.data).hexdigest() for path, file in plan.call.files if isinstance(file, Media)}
    meaning = {
        "operation": operation,
        "mode": plan.call.mode,
        "model": plan.model,
        "seconds": plan.seconds,
        "size": plan.size,
        "body": _plain(plan.call.body),
        "media": media,
    }
    return sha256(msgspec.json.encode(meaning, order="deterministic")).digest()


def identity_of(
    headers: Mapping[str, str], caller: str, fingerprint: bytes, about: VideoFacts
) -> CreateIdentity:
    """A create's identity. The stock clients count their retries, and send no Idempotency-Key.

    Header names are in lower case.
    """
    count = headers.get("x-stainless-retry-count", "")
    is_count = count.isdecimal() and count.isascii() and len(count) <= _LONGEST_COUNT
    return CreateIdentity(
        caller=caller,
        fingerprint=fingerprint,
        idempotency_key=headers.get("idempotency-key") or None,
        retry_count=int(count) if is_count else 0,
        about=about,
        request_id=current_request(),
    )


def _plain(value: object) -> object:
    """The value without its files (they stand beside it), whole numbers as such.

    Of a video made earlier its task: a link to it changes from one attempt to the next.
    """
    if isinstance(value, TaskOutput):
        return {"key": value.key, "task": value.task}
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None if isinstance(value, Media) else value

"""What a video id carries, and its 79 bytes.

    form 1 | time of creation 5 | owner 8 | task 16 | seconds 1 | size 4 | model, the rest

What does not fit its fixed field (a task that is no UUID, seconds above 249, a size that is no
WxH) is written as text, a length byte before it, and the model gives way.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

import msgspec

from runway_videos.errors import ApiError

#: A model of so many UTF-8 bytes is carried whole; of a longer one the beginning.
MAX_MODEL = 40
#: What an id of 140 characters has room for, sealed (see `ids`).
MAX_PACKED = 79
#: The shortest packed ticket.
MIN_PACKED = 18

_OWNER = 8
_HEAD = 1 + 5 + _OWNER
_LOCAL = bytes(_OWNER)
_U16 = 0xFFFF
_MAX_TEXT = 15
_SIZE = re.compile(r"(0|[1-9][0-9]{0,4})x(0|[1-9][0-9]{0,4})", re.ASCII)
_SECONDS = {str(number): number for number in range(250)} | {"auto": 255}
_SECONDS_BACK = {number: text for text, number in _SECONDS.items()}

# The form byte: the version in its upper half, below it which fields are text.
_VERSION = 0x10
_TASK_TEXT, _SECONDS_TEXT, _SIZE_TEXT = 1, 2, 4


class UnsealableError(ValueError):
    """A task id that is empty or too long for a video id (over 59 bytes and no UUID)."""


@lru_cache(maxsize=1024)
def owner_hash(caller: str) -> bytes:
    """What a ticket keeps of a caller: 8 bytes of a hash of the name, zeros for the local user."""
    return sha256(b"runway_videos caller\0" + caller.encode()).digest()[:_OWNER] if caller else _LOCAL


class VideoReference(msgspec.Struct, frozen=True, gc=False):
    """What an id carries. `owner` is `owner_of(caller)`; `created` is in unix seconds."""

    key: str
    task: str
    owner: bytes
    model: str
    seconds: str
    size: str
    created: int

    def owned_by(self, caller: str) -> bool:
        """Whether the video belongs to `caller` ("" is the local user); in constant time."""
        return compare_digest(self.owner, owner_hash(caller))


def pack(reference: VideoReference) -> bytes:
    """The ticket without its key's name. Raises UnsealableError."""
    form, task = _VERSION, _uuid(reference.task)
    if not task:
        form |= _TASK_TEXT
        task = _text(reference.task, 255)
        if len(task) == 1:
            raise UnsealableError("a video without a task")
    if reference.seconds not in _SECONDS:
        form |= _SECONDS_TEXT
    size = _SIZE.fullmatch(reference.size)
    pixels = (int(size[1]), int(size[2])) if size else (_U16 + 1, 0)
    if max(pixels) > _U16:
        form |= _SIZE_TEXT
    when = min(max(reference.created, 0), (1 << 40) - 1).to_bytes(5)
    # A paid task is not lost for a long text: seconds and size go before it, the model first.
    for longest in (_MAX_TEXT, 0):
        fixed = bytes([form]) + when + reference.owner + task
        if form & _SECONDS_TEXT:
            fixed += _text(reference.seconds, longest)
        else:
            fixed += bytes([_SECONDS[reference.seconds]])
        if form & _SIZE_TEXT:
            fixed += _text(reference.size, longest)
        else:
            fixed += pixels[0].to_bytes(2) + pixels[1].to_bytes(2)
        if len(fixed) <= MAX_PACKED:
            return fixed + _cut(reference.model, min(MAX_PACKED - len(fixed), MAX_MODEL))
    raise UnsealableError(f"a task id of {len(task) - 1} bytes fits in no video id")


def unpack(key: str, payload: bytes) -> VideoReference:
    """The ticket in what `pack` made, for the key of that name.

    Raises ApiError 503 for a form that a later version made.
    """
    form = payload[0]
    if form & 0xF0 != _VERSION:
        raise ApiError(
            503,
            "This video was made by a newer version of this proxy.",
            code="runway_id_version",
            retry=False,
            detail=f"an id of the form {form:#x}; this version knows {_VERSION:#x}",
        )
    at = _HEAD
    if form & _TASK_TEXT:
        task, at = _read_text(payload, at)
    else:
        task, at = str(UUID(bytes=payload[at : at + 16])), at + 16
    if form & _SECONDS_TEXT:
        seconds, at = _read_text(payload, at)
    else:
        seconds, at = _SECONDS_BACK[payload[at]], at + 1
    if form & _SIZE_TEXT:
        size, at = _read_text(payload, at)
    else:
        wide, high = payload[at : at + 2], payload[at + 2 : at + 4]
        size, at = f"{int.from_bytes(wide)}x{int.from_bytes(high)}", at + 4
    return VideoReference(
        key=key,
        task=task,
        owner=payload[6:_HEAD],
        model=payload[at:].decode(),
        seconds=seconds,
        size=size,
        created=int.from_bytes(payload[1:6]),
    )


def _uuid(task: str) -> bytes:
    """The 16 bytes of a canonical lower-case UUID; of anything else none."""
    try:
        number = UUID(task)
    except ValueError:
        return b""
    return number.bytes if str(number) == task else b""


def _cut(text: str, longest: int) -> bytes:
    raw = text.encode("utf-8", "replace")
    return raw if len(raw) <= longest else raw[:longest].decode("utf-8", "ignore").encode()


def _text(text: str, longest: int) -> bytes:
    raw = _cut(text, longest)
    return bytes([len(raw)]) + raw


def _read_text(payload: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + payload[at]
    return payload[at + 1 : end].decode(), end

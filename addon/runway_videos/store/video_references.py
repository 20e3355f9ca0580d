"""The video reference that an id carries, packed into at most 79 bytes.

    format 1 | time of creation 5 | owner 8 | task 16 | seconds 1 | size 4 | model, what is left

What does not fit its fixed field (a task that is no UUID, seconds above 249, a size that is no
WxH) is written as text with a length byte before it, and less of the model is kept.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

import msgspec

from runway_videos.errors import ApiError

#: UTF-8 bytes of a model; a longer one is truncated.
MAX_MODEL = 40
#: Bytes that fit, sealed, in an id of 140 characters (see `video_ids`).
MAX_PACKED = 79
#: Bytes of the shortest packed reference.
MIN_PACKED = 18

_OWNER_BYTES = 8
_HEAD_BYTES = 1 + 5 + _OWNER_BYTES
_LOCAL_USER = bytes(_OWNER_BYTES)
_MAX_PIXELS = 0xFFFF
_MAX_TEXT_BYTES = 15
_SIZE = re.compile(r"(0|[1-9][0-9]{0,4})x(0|[1-9][0-9]{0,4})", re.ASCII)
_SECONDS_TO_BYTE = {str(number): number for number in range(250)} | {"auto": 255}
_BYTE_TO_SECONDS = {number: text for text, number in _SECONDS_TO_BYTE.items()}

# The format byte: the version in its upper half; in the lower one, which fields are text.
_VERSION = 0x10
_TASK_TEXT, _SECONDS_TEXT, _SIZE_TEXT = 1, 2, 4


class UnsealableError(ValueError):
    """A task id that is empty or too long for a video id (over 59 bytes and no UUID)."""


@lru_cache(maxsize=1024)
def owner_hash(caller: str) -> bytes:
    """8 bytes of a hash of the caller's name; zeros for the local user (caller "")."""
    if not caller:
        return _LOCAL_USER
    return sha256(b"runway_videos caller\0" + caller.encode()).digest()[:_OWNER_BYTES]


class VideoReference(msgspec.Struct, frozen=True, gc=False):
    """What an id carries. `owner` is `owner_hash(caller)`; `created` is in unix seconds."""

    key: str
    task: str
    owner: bytes
    model: str
    seconds: str
    size: str
    created: int

    def owned_by(self, caller: str) -> bool:
        """Whether the video is of `caller` ("" is the local user); in constant time."""
        return compare_digest(self.owner, owner_hash(caller))


def pack(reference: VideoReference) -> bytes:
    """The reference as bytes, without its key's name. Raises UnsealableError."""
    format_byte, task = _VERSION, _uuid_bytes(reference.task)
    if not task:
        format_byte |= _TASK_TEXT
        task = _with_length(reference.task, 255)
        if len(task) == 1:
            raise UnsealableError("a video without a task")
    if reference.seconds not in _SECONDS_TO_BYTE:
        format_byte |= _SECONDS_TEXT
    size = _SIZE.fullmatch(reference.size)
    pixels = (int(size[1]), int(size[2])) if size else (_MAX_PIXELS + 1, 0)
    if max(pixels) > _MAX_PIXELS:
        format_byte |= _SIZE_TEXT
    created = min(max(reference.created, 0), (1 << 40) - 1).to_bytes(5)
    # A paid task is not lost for a long text: the model is truncated first, then seconds and size.
    for max_text in (_MAX_TEXT_BYTES, 0):
        fixed = bytes([format_byte]) + created + reference.owner + task
        if format_byte & _SECONDS_TEXT:
            fixed += _with_length(reference.seconds, max_text)
        else:
            fixed += bytes([_SECONDS_TO_BYTE[reference.seconds]])
        if format_byte & _SIZE_TEXT:
            fixed += _with_length(reference.size, max_text)
        else:
            fixed += pixels[0].to_bytes(2) + pixels[1].to_bytes(2)
        if len(fixed) <= MAX_PACKED:
            return fixed + _truncated(reference.model, min(MAX_PACKED - len(fixed), MAX_MODEL))
    raise UnsealableError(f"a task id of {len(task) - 1} bytes fits in no video id")


def unpack(key: str, payload: bytes) -> VideoReference:
    """The reference in bytes that `pack` made, with the name of its key.

    Raises ApiError 503 for the format of a later version.
    """
    format_byte = payload[0]
    if format_byte & 0xF0 != _VERSION:
        raise ApiError(
            503,
            "This video was made by a newer version of this proxy.",
            code="runway_id_version",
            retry=False,
            detail=f"an id of the format {format_byte:#x}; this version knows {_VERSION:#x}",
        )
    at = _HEAD_BYTES
    if format_byte & _TASK_TEXT:
        task, at = _read_text(payload, at)
    else:
        task, at = str(UUID(bytes=payload[at : at + 16])), at + 16
    if format_byte & _SECONDS_TEXT:
        seconds, at = _read_text(payload, at)
    else:
        seconds, at = _BYTE_TO_SECONDS[payload[at]], at + 1
    if format_byte & _SIZE_TEXT:
        size, at = _read_text(payload, at)
    else:
        width, height = payload[at : at + 2], payload[at + 2 : at + 4]
        size, at = f"{int.from_bytes(width)}x{int.from_bytes(height)}", at + 4
    return VideoReference(
        key=key,
        task=task,
        owner=payload[6:_HEAD_BYTES],
        model=payload[at:].decode(),
        seconds=seconds,
        size=size,
        created=int.from_bytes(payload[1:6]),
    )


def _uuid_bytes(task: str) -> bytes:
    """The 16 bytes of a canonical lower-case UUID; of anything else b""."""
    try:
        number = UUID(task)
    except ValueError:
        return b""
    return number.bytes if str(number) == task else b""


def _truncated(text: str, max_bytes: int) -> bytes:
    raw = text.encode("utf-8", "replace")
    return raw if len(raw) <= max_bytes else raw[:max_bytes].decode("utf-8", "ignore").encode()


def _with_length(text: str, max_bytes: int) -> bytes:
    raw = _truncated(text, max_bytes)
    return bytes([len(raw)]) + raw


def _read_text(payload: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + payload[at]
    return payload[at + 1 : end].decode(), end

"""A picture of a video as it is kept and as a client gets it: with ETag, Range and If-None-Match."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import msgspec

from runway_videos.errors import ApiError
from runway_videos.openai.messages import Answer
from runway_videos.openai.ranges import UnsatisfiableError, parse_range

#: OpenAI's names of what can be downloaded beside the video, in the order in which `frames.py`
#: writes them, and their types.
PICTURES: Mapping[str, str] = {"thumbnail": "image/webp", "spritesheet": "image/jpeg"}

_ETAG = re.compile(r'\*|(?:W/)?("[^"]*")')


class Picture(msgspec.Struct, frozen=True, gc=False):
    """A picture's bytes. The same bytes have the same ETag, whatever process made them."""

    name: str
    body: bytes
    etag: str

    @classmethod
    def of(cls, name: str, body: bytes) -> Picture:
        return cls(name, body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def answer(picture: Picture, method: str, asked: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
    """What a client gets that asked with these headers (lower-case names); `headers` go along.

    Raises ApiError 416. The body of an answer to HEAD is left out where it is sent.
    """
    body, etag = picture.body, picture.etag
    found = {
        "content-type": PICTURES[picture.name],
        "etag": etag,
        "accept-ranges": "bytes",
        **headers,
    }
    if _names(asked.get("if-none-match", ""), etag):
        return Answer(304, found, b"")
    # Range is for GET alone, and is ignored where If-Range names another version.
    if method != "GET" or asked.get("if-range", etag) != etag:
        return Answer(200, found, body)
    try:
        part = parse_range(asked.get("range", ""), len(body))
    except UnsatisfiableError:
        raise ApiError(
            416,
            f"The {picture.name} has no such range of bytes: it has {len(body)}.",
            code="invalid_range",
            headers={"content-range": f"bytes */{len(body)}"},
        ) from None
    if part is None:
        return Answer(200, found, body)
    start, stop = part
    found["content-range"] = f"bytes {start}-{stop - 1}/{len(body)}"
    return Answer(206, found, body[start:stop])


def _names(header: str, etag: str) -> bool:
    """Whether an If-None-Match names this version; a weak tag does too, as the RFC says."""
    return any(match[0] == "*" or match[1] == etag for match in _ETAG.finditer(header))

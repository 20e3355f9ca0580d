"""Percent-encoding of long texts."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from runway_videos.errors import bad_request
from runway_videos.request_body.limits import ESCAPES

_SLICE = 65_536


def unquote_large(data: bytes, param: str | None = None) -> bytes | memoryview:
    """`unquote_to_bytes` in slices, since it makes objects for every `%`. Raises ApiError 400."""
    if len(data) > ESCAPES and data.count(b"%") > ESCAPES:
        raise bad_request(
            f"More than {ESCAPES:,} percent signs: send a file this large as multipart/form-data.", param
        )
    if len(data) <= _SLICE:
        return unquote_to_bytes(data)
    decoded = bytearray()
    start = 0
    while start < len(data):
        end = min(start + _SLICE, len(data))
        if end < len(data):
            escape = data.rfind(b"%", end - 2, end)
            end = escape if escape != -1 else end  # an escape is not cut in two
        decoded += unquote_to_bytes(data[start:end])
        start = end
    return memoryview(decoded)

"""Percent-encoding of long texts."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from runway_videos.request_body.budget import Budget

_SLICE = 65_536


def unquote_large(
    data: bytes | memoryview, budget: Budget, param: str | None = None, *, form: bool = False
) -> bytes | memoryview:
    """`unquote_to_bytes` in slices, since it makes objects for every `%`. Raises ApiError 400.

    `form`: a plus sign stands for a space.
    """
    if len(data) <= _SLICE:
        whole = bytes(data)
        budget.spend_escapes(whole, param)
        return _unquote(whole, form)
    decoded = bytearray()
    start = 0
    while start < len(data):
        piece = bytes(data[start : start + _SLICE])
        if start + _SLICE < len(data):
            cut = piece.rfind(b"%", -2)
            piece = piece[:cut] if cut != -1 else piece  # an escape is not cut in two
        budget.spend_escapes(piece, param)
        decoded += _unquote(piece, form)
        start += len(piece)
    return memoryview(decoded)


def _unquote(piece: bytes, form: bool) -> bytes:
    return unquote_to_bytes(piece.replace(b"+", b" ") if form else piece)

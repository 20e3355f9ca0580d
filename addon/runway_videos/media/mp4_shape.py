"""How long and how large an MP4 or QuickTime video is, by the tables in it. Nothing is decoded."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

_MOST_BOXES = 10_000  # of one level; a fragmented file has thousands
_HEADER = 8
_LONG_HEADER = 16


class Shape(msgspec.Struct, frozen=True):
    """`seconds` above 0; `width` and `height` in pixels as it is shown, 0 where they are not known."""

    seconds: float
    width: int = 0
    height: int = 0


def mp4_shape(data: bytes | memoryview) -> Shape | None:
    """The shape that a file says it has; None where it is another type, or does not say."""
    view = memoryview(data)
    try:
        for kind, moov in _boxes(view):
            if kind == b"moov":
                return _shape(moov)
    except (struct.error, IndexError):  # it ends too early
        pass
    return None


def _shape(moov: memoryview) -> Shape | None:
    seconds, frame = 0.0, (0, 0)
    for kind, box in _boxes(moov):
        if kind == b"mvhd":
            # Version 1 has times of 64 bits.
            layout, at = (">IQ", 20) if box[0] else (">II", 12)
            scale, duration = struct.unpack_from(layout, box, at)
            seconds = duration / scale if scale else 0.0
        elif kind == b"trak":
            frame = max([frame, *(_frame(part) for name, part in _boxes(box) if name == b"tkhd")])
    return Shape(seconds, *frame) if seconds > 0 else None


def _frame(tkhd: memoryview) -> tuple[int, int]:
    """Width and height of a track, (0, 0) for sound; a phone's upright video is stored lying and turned."""
    at = 52 if tkhd[0] else 40
    across, turned = struct.unpack_from(">ii", tkhd, at)
    width, height = (side >> 16 for side in struct.unpack_from(">II", tkhd, at + 36))
    return (height, width) if turned and not across else (width, height)


def _boxes(view: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Type and content of each box."""
    at = 0
    for _ in range(_MOST_BOXES):
        if at + _HEADER > len(view):
            return
        size, kind = struct.unpack_from(">I4s", view, at)
        header = _HEADER
        if size == 1:
            (size,) = struct.unpack_from(">Q", view, at + _HEADER)
            header = _LONG_HEADER
        elif size == 0:  # to the end
            size = len(view) - at
        if size < header:
            return
        yield kind, view[at + header : at + size]
        at += size

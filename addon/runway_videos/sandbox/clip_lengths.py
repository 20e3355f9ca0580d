"""The sandbox's MP4 files at any length: the same frames again and again, from the same bytes.

Only the tables in `moov` change: every round of the frames is one more chunk at the same place.
The files have one track, one chunk, and a frame rate that stays.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

#: Frames a second, and how many the files have.
FRAMES_PER_SECOND, FRAMES = 24, 96
#: How long the files are.
SECONDS = FRAMES / FRAMES_PER_SECOND

_CONTAINERS = frozenset({b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl"})
_TICKS = 512  # of the track's clock for one frame
_MILLISECONDS = 1000  # of the movie's clock for one second


def of_length(mp4: bytes, seconds: float) -> bytes:
    """The file with as many frames as fill `seconds`, one at least."""
    frames = max(round(seconds * FRAMES_PER_SECOND), 1)
    if frames == FRAMES:
        return mp4
    start, end = next((at, at + size) for kind, at, size in _boxes(mp4, 0, len(mp4)) if kind == b"moov")
    tables = _Tables(frames)
    # The bytes of the frames stand behind the tables, which have another length now.
    moved = len(_rebuilt(mp4, start, end, tables)) - (end - start)
    tables.moved = moved
    return mp4[:start] + _rebuilt(mp4, start, end, tables) + mp4[end:]


def seconds_of(beginning: bytes) -> float | None:
    """The length of an MP4 file by its first bytes; None where these do not tell."""
    at = beginning.find(b"mvhd")
    if at < 0 or beginning[at + 4 : at + 5] != b"\0" or len(beginning) < at + 24:
        return None
    scale, duration = struct.unpack_from(">II", beginning, at + 16)
    return duration / scale if scale and duration else None


class _Tables:
    """What each box of the tables is for so many frames; `moved`: bytes that they have grown by."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._rounds, self._rest = divmod(frames, FRAMES)
        self.moved = 0
        milliseconds = struct.pack(">I", frames * _MILLISECONDS // FRAMES_PER_SECOND)
        ticks = struct.pack(">I", frames * _TICKS)
        self.of: dict[bytes, Callable[[bytes], bytes]] = {
            b"mvhd": lambda box: box[:16] + milliseconds + box[20:],
            b"tkhd": lambda box: box[:20] + milliseconds + box[24:],
            b"elst": lambda box: box[:8] + milliseconds + box[12:],
            b"mdhd": lambda box: box[:16] + ticks + box[20:],
            b"stts": lambda box: box[:8] + struct.pack(">I", frames) + box[12:],
            b"stss": self._first_frames,
            b"ctts": self._offsets,
            b"stsc": self._frames_of_chunks,
            b"stsz": self._sizes,
            b"stco": self._chunks,
        }

    def _first_frames(self, box: bytes) -> bytes:
        firsts = range(1, self._frames + 1, FRAMES)
        return box[:4] + struct.pack(f">{len(firsts) + 1}I", len(firsts), *firsts)

    def _offsets(self, box: bytes) -> bytes:
        runs = struct.iter_unpack(">II", box[8:])
        each = [offset for count, offset in runs for _ in range(count)]
        told = each * self._rounds + each[: self._rest]
        return box[:4] + struct.pack(">I", len(told)) + b"".join(struct.pack(">II", 1, one) for one in told)

    def _frames_of_chunks(self, box: bytes) -> bytes:
        runs = [(1, FRAMES, 1)] if self._rounds else []
        runs += [(self._rounds + 1, self._rest, 1)] if self._rest else []
        return box[:4] + struct.pack(">I", len(runs)) + b"".join(struct.pack(">III", *run) for run in runs)

    def _sizes(self, box: bytes) -> bytes:
        sizes = box[12:]
        told = sizes * self._rounds + sizes[: 4 * self._rest]
        return box[:8] + struct.pack(">I", len(told) // 4) + told

    def _chunks(self, box: bytes) -> bytes:
        (place,) = struct.unpack_from(">I", box, 8)
        chunks = self._rounds + (self._rest > 0)
        return box[:4] + struct.pack(f">{chunks + 1}I", chunks, *[place + self.moved] * chunks)


def _rebuilt(mp4: bytes, start: int, end: int, tables: _Tables) -> bytes:
    """The boxes from `start` to `end` with the tables in place."""
    parts = []
    for kind, at, size in _boxes(mp4, start, end):
        content = mp4[at + 8 : at + size]
        if kind in _CONTAINERS:
            content = _rebuilt(mp4, at + 8, at + size, tables)
        elif kind in tables.of:
            content = tables.of[kind](content)
        parts.append(struct.pack(">I", len(content) + 8) + kind + content)
    return b"".join(parts)


def _boxes(mp4: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Type, place and size of each box."""
    while start < end:
        (size,) = struct.unpack_from(">I", mp4, start)
        yield mp4[start + 4 : start + 8], start, size
        start += size

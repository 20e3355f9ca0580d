"""Length and size of MP4 files, by their tables."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_videos import sandbox
from runway_videos.media.mp4_shape import Shape, mp4_shape
from runway_videos.sandbox.clip_lengths import of_length

HERE = Path(sandbox.__file__).parent
LYING, UPRIGHT = ((HERE / f"{name}.mp4").read_bytes() for name in ("landscape", "portrait"))
STRAIGHT = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
TURNED = (0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)


def box(kind: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return struct.pack(">I", len(data) + 8) + kind + data


def mvhd(seconds: float, version: int = 0) -> bytes:
    times = struct.pack(">QQIQ" if version else ">IIII", 0, 0, 600, int(seconds * 600))
    return box(b"mvhd", bytes([version, 0, 0, 0]), times, bytes(80))


def track(width: int, height: int, turned: bool = False, version: int = 0) -> bytes:
    head = bytes([version, 0, 0, 3]) + bytes(32 if version else 20) + bytes(16)
    matrix = struct.pack(">9i", *(TURNED if turned else STRAIGHT))
    return box(b"trak", box(b"tkhd", head, matrix, struct.pack(">II", width << 16, height << 16)))


@pytest.mark.parametrize(("data", "width", "height"), [(LYING, 1280, 720), (UPRIGHT, 720, 1280)])
@pytest.mark.parametrize("seconds", [1, 4, 12.5])
def test_of_a_real_file(data: bytes, width: int, height: int, seconds: float) -> None:
    assert mp4_shape(of_length(data, seconds)) == Shape(seconds, width, height)


@pytest.mark.parametrize("version", [0, 1])
def test_wherever_the_tables_are_and_however_they_are_written(version: int) -> None:
    moov = box(b"moov", mvhd(7, version), track(0, 0), track(1920, 1080, version=version), track(0, 0))
    large = struct.pack(">I4sQ", 1, b"mdat", 16 + 100) + bytes(100)
    to_the_end = struct.pack(">I4s", 0, b"moov") + moov[8:]
    for data in (moov, box(b"ftyp", b"isom") + box(b"mdat", bytes(50)) + moov, large + moov, to_the_end):
        assert mp4_shape(data) == mp4_shape(memoryview(data)) == Shape(7, 1920, 1080)


def test_a_turned_video_is_as_it_is_shown() -> None:
    assert mp4_shape(box(b"moov", mvhd(3), track(1920, 1080, turned=True))) == Shape(3, 1080, 1920)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1aE\xdf\xa3" + bytes(100),
        LYING[:60],
        box(b"moov"),
        box(b"moov", mvhd(0)),
        box(b"moov", box(b"mvhd", b"\0")),
        box(b"moov", box(b"mvhd")),
        struct.pack(">I4s", 4, b"moov"),
        struct.pack(">I4s", 1, b"moov"),
    ],
)
def test_what_does_not_say_has_none(data: bytes) -> None:
    assert mp4_shape(data) is None


@given(st.binary(max_size=300), st.integers(0, 1700))
def test_no_bytes_are_a_fault(noise: bytes, at: int) -> None:
    mp4_shape(noise)
    mp4_shape(LYING[:at] + noise + LYING[at + len(noise) : 2000])

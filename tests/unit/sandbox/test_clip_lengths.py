"""The sandbox's files at any length: real MP4, of as many frames as fill it."""

from __future__ import annotations

import io
from pathlib import Path

import av
import pytest

from runway_videos import sandbox
from runway_videos.sandbox.clip_lengths import FRAMES_PER_SECOND, SECONDS, of_length, seconds_of

FILES = [Path(sandbox.__file__).with_name(name) for name in ("landscape.mp4", "portrait.mp4")]


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("seconds", [0.5, 1, 4, 5])
def test_it_is_as_long_as_asked_for_and_can_be_played(path: Path, seconds: float) -> None:
    data = of_length(path.read_bytes(), seconds)
    frames = int(seconds * FRAMES_PER_SECOND)
    with av.open(io.BytesIO(data), "r") as video:
        assert video.duration == seconds * 1_000_000
        assert video.streams.video[0].frames == frames
        decoded = len(list(video.decode(video=0)))
    # Of a round that is cut some frames refer to later ones, and are not shown.
    assert frames - 2 <= decoded <= frames
    assert seconds_of(data[:1000]) == seconds


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_long_one_has_all_frames_and_its_last_second_can_be_played(path: Path) -> None:
    seconds = 30
    data = of_length(path.read_bytes(), seconds)
    frames = seconds * FRAMES_PER_SECOND
    with av.open(io.BytesIO(data), "r") as video:
        assert video.duration == seconds * 1_000_000
        assert sum(packet.size > 0 for packet in video.demux(video=0)) == frames
        video.seek((seconds - 1) * 1_000_000)
        times = [frame.time for frame in video.decode(video=0)]
    assert times[-1] is not None
    assert times[-1] > seconds - 0.2
    assert len(times) < frames / 2  # by its index, and not from the beginning
    assert seconds_of(data[:1000]) == seconds


def test_at_its_own_length_it_is_the_file_itself() -> None:
    for path in FILES:
        assert of_length(path.read_bytes(), SECONDS) == path.read_bytes()


@pytest.mark.parametrize("beginning", [b"", b"RIFF", b"\0\0\0\x18ftypisom", b"mvhd", b"mvhd" + bytes(30)])
def test_what_does_not_tell_its_length_has_none(beginning: bytes) -> None:
    assert seconds_of(beginning) is None

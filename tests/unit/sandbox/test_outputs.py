from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.sandbox.outputs import CHUNK_BYTES, Clip, Signer
from unit.sandbox.harness import Clock

LARGE = Clip("landscape.mp4", 3_000_000)
WHOLE = LARGE.read()


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of an MP4's boxes; fails when they do not fill the data."""
    at = 0
    while at < len(data):
        size, head = int.from_bytes(data[at : at + 4]), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16]), 16
        assert head <= size <= len(data) - at
        yield data[at + 4 : at + 8], data[at + head : at + size]
        at += size


def only(data: bytes, *path: bytes) -> bytes:
    """The content of the box at this path."""
    for name in path:
        data = dict(boxes(data))[name]
    return data


@pytest.mark.parametrize(
    ("name", "width", "height"), [("landscape.mp4", 1280, 720), ("portrait.mp4", 720, 1280)]
)
def test_the_video_is_a_real_mp4(name: str, width: int, height: int) -> None:
    data = Clip(name).read()
    names = [box for box, _ in boxes(data)]
    assert names[0] == b"ftyp"
    assert names.index(b"moov") < names.index(b"mdat")
    assert len(data) < 60_000

    mvhd = only(data, b"moov", b"mvhd")
    assert mvhd[0] == 0  # version 0: 32-bit times
    scale, duration = int.from_bytes(mvhd[12:16]), int.from_bytes(mvhd[16:20])
    assert 2 <= duration / scale <= 10

    track = only(data, b"moov", b"trak")
    size = only(track, b"tkhd")[-8:]
    assert (int.from_bytes(size[:2]), int.from_bytes(size[4:6])) == (width, height)
    samples = only(track, b"mdia", b"minf", b"stbl", b"stsd")
    assert b"avc1" in samples


def test_a_larger_video_is_the_real_one_and_a_free_box() -> None:
    real = Clip("landscape.mp4").read()
    assert len(WHOLE) == LARGE.size == 3_000_000
    assert WHOLE.startswith(real)
    assert [name for name, _ in boxes(WHOLE)] == [*(n for n, _ in boxes(real)), b"free"]


def test_a_larger_video_costs_no_memory_and_is_the_same_everywhere() -> None:
    clip = Clip("landscape.mp4", 1 << 40)
    assert clip.read((1 << 40) - 5) == clip.read((1 << 40) - 5, 1 << 40)
    assert len(clip.read((1 << 40) - 5)) == 5
    assert clip.etag == Clip("landscape.mp4", 1 << 40).etag
    assert len({clip.etag, LARGE.etag, Clip("landscape.mp4").etag}) == 3


def test_a_video_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="a video has at least"):
        Clip("landscape.mp4", 1000)
    least = Clip("landscape.mp4").size + 16
    assert [name for name, _ in boxes(Clip("landscape.mp4", least).read())][-1] == b"free"


positions = st.integers(0, LARGE.size)


@settings(max_examples=60, deadline=None)
@given(positions, positions)
def test_pieces_are_the_bytes_of_the_whole(start: int, stop: int) -> None:
    pieces = list(LARGE.pieces(start, stop))
    assert b"".join(pieces) == WHOLE[start:stop]
    assert all(0 < len(piece) <= CHUNK_BYTES for piece in pieces)


def signed(signer: Signer, path: str) -> dict[str, str]:
    return dict(parse_qsl(signer.sign(path).partition("?")[2]))


def test_a_link_is_good_until_it_expires() -> None:
    clock = Clock()
    signer = Signer(clock, 60)
    query = signed(signer, "/a.mp4")
    assert signer.refusal("/a.mp4", query) is None
    clock.now += 60
    assert signer.refusal("/a.mp4", query) is None
    clock.now += 1
    assert signer.refusal("/a.mp4", query) == ("AccessDenied", "Access denied")


def test_a_link_cannot_be_changed_or_borrowed() -> None:
    clock = Clock()
    signer = Signer(clock, 60)
    query = signed(signer, "/a.mp4")
    refused = ("AccessDenied", "Access denied")
    assert signer.refusal("/b.mp4", query) == refused
    assert signer.refusal("/a.mp4", query | {"Expires": "9999999999"}) == refused
    assert signer.refusal("/a.mp4", query | {"Expires": "soon"}) == refused
    assert signer.refusal("/a.mp4", query | {"Signature": "é"}) == refused
    assert Signer(clock, 60).refusal("/a.mp4", query) == refused
    for name in query:
        rest = {key: value for key, value in query.items() if key != name}
        refusal = signer.refusal("/a.mp4", rest)
        assert refusal is not None
        assert refusal[0] == f"Missing{name}"
    assert signer.sign("/a.mp4") == f"/a.mp4?{urlencode(query)}"

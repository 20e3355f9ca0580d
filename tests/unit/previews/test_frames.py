"""Pictures out of real videos: which frames, which sizes, and what is no video."""

from __future__ import annotations

import io
from pathlib import Path

import av
import pytest

from runway_videos.previews.frames import CELL_SIDE, THUMBNAIL_SIDE, pictures
from unit.previews.clips import BLACK, GREY, WHITE, Seen, clip, sound

# Encoders are a little off.
_OFF = 12


def made(video: bytes) -> list[Seen]:
    return [Seen(picture) for picture in pictures(io.BytesIO(video))]


def near(found: int, wanted: int) -> bool:
    return abs(found - wanted) <= _OFF


def test_the_thumbnail_is_from_the_middle_and_a_webp() -> None:
    thumbnail, _ = made(clip([BLACK] * 9 + [WHITE] * 3 + [BLACK] * 9))
    assert thumbnail.form == "webp_pipe"
    assert (thumbnail.width, thumbnail.height) == (64, 48)
    assert thumbnail.at(0.5, 0.5) > 200


def test_the_sheet_has_sixteen_frames_row_by_row_and_is_a_jpeg() -> None:
    greys = [16 + 13 * number for number in range(16) for _ in range(3)]
    _, sheet = made(clip(greys))
    assert sheet.form == "jpeg_pipe"
    assert (sheet.width, sheet.height) == (4 * 64, 4 * 48)
    cells = sheet.cells(4, 4)
    assert cells == sorted(cells)
    # Full range where the video has 16 to 235.
    assert all(near(cell, round((16 + 13 * number - 16) * 255 / 219)) for number, cell in enumerate(cells))


@pytest.mark.parametrize(
    ("frames", "columns", "rows"), [(1, 1, 1), (2, 2, 1), (3, 2, 2), (5, 3, 2), (12, 4, 3), (17, 4, 4)]
)
def test_a_short_video_has_a_sheet_of_the_frames_that_it_has(frames: int, columns: int, rows: int) -> None:
    _, sheet = made(clip([WHITE] * frames))
    assert (sheet.width, sheet.height) == (columns * 64, rows * 48)
    cells = sheet.cells(columns, rows)
    shown = min(frames, 16)
    assert all(cell > 200 for cell in cells[:shown])
    assert all(cell < 50 for cell in cells[shown:])


@pytest.mark.parametrize(
    ("width", "height"), [(1920, 1080), (1080, 1920), (2048, 64), (64, 2048), (322, 182), (16, 16)]
)
def test_the_shape_stays_and_the_longer_side_is_bounded(width: int, height: int) -> None:
    thumbnail, sheet = made(clip([GREY] * 16, width, height))
    for seen, side, cells in ((thumbnail, THUMBNAIL_SIDE, 1), (sheet, CELL_SIDE, 4)):
        assert max(seen.width, seen.height) / cells == min(side, max(width, height))
        assert abs(seen.width / seen.height / (width / height) - 1) < 0.05
        assert near(seen.at(0.5, 0.5), 128)


@pytest.mark.parametrize(
    ("encoder", "form"), [("libx264", "mp4"), ("libx264", "mov"), ("mpeg4", "matroska"), ("libvpx", "webm")]
)
def test_it_reads_what_runway_makes(encoder: str, form: str) -> None:
    thumbnail, sheet = made(clip([BLACK] * 10 + [WHITE] * 10, encoder=encoder, form=form))
    assert thumbnail.at(0.5, 0.5) > 200 or form in ("matroska", "webm")
    cells = sheet.cells(4, 4)
    assert (cells[0] < 50, cells[15] > 200) == (True, True)


@pytest.mark.parametrize("name", ["landscape.mp4", "portrait.mp4"])
def test_the_sandboxs_clips_have_pictures(name: str) -> None:
    folder = Path(__file__).resolve().parents[3] / "addon/runway_videos/sandbox"
    thumbnail, sheet = made((folder / name).read_bytes())
    assert (thumbnail.width < thumbnail.height) == (name == "portrait.mp4")
    assert len(set(sheet.cells(4, 4))) > 1


def test_a_video_that_is_cut_off_has_its_thumbnail_at_least() -> None:
    file = io.BytesIO()
    whole = clip([GREY] * 40, 320, 240, form="matroska")
    file.write(whole[: len(whole) * 2 // 3])
    found = [Seen(picture) for picture in pictures(file)]
    assert near(found[0].at(0.5, 0.5), 128)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no video at all",
        bytes(100_000),
        b"\x1a\x45\xdf\xa3" + bytes(1000),
        clip([GREY] * 3)[:200],
        # Formats that name other files are not guessed.
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
    ],
)
def test_what_is_no_video_is_an_error(content: bytes) -> None:
    with pytest.raises((av.FFmpegError, ValueError)):
        list(pictures(io.BytesIO(content)))


def test_sound_alone_is_an_error() -> None:
    with pytest.raises(ValueError, match="no picture"):
        list(pictures(io.BytesIO(sound())))

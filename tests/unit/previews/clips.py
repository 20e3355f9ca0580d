"""Small real videos, and what is to be seen in a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

#: Grey values of a frame that are told apart after any encoder.
BLACK, GREY, WHITE = 16, 126, 235


def clip(
    greys: Sequence[int],
    width: int = 64,
    height: int = 48,
    *,
    encoder: str = "mpeg4",
    form: str = "mp4",
    rate: int = 10,
) -> bytes:
    """A video with a plain frame of each grey value, `rate` a second."""
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        stream = container.add_stream(encoder, rate=rate)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.gop_size = 100
        for number, grey in enumerate(greys):
            frame = plain(grey, width, height)
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def sound() -> bytes:
    """A file with sound alone."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        assert isinstance(stream, AudioStream)
        samples = av.AudioFrame(format="s16", layout="mono", samples=1024)
        samples.sample_rate, samples.pts = 8000, 0
        container.mux(stream.encode(samples))
    return file.getvalue()


def plain(grey: int, width: int, height: int) -> VideoFrame:
    frame = VideoFrame(width, height, "yuv420p")
    for number, plane in enumerate(frame.planes):
        plane.update(bytes([grey if number == 0 else 128]) * plane.buffer_size)
    return frame


class Seen:
    """A picture that is decoded: its format, its size, and how bright it is at a place."""

    def __init__(self, picture: bytes) -> None:
        with av.open(io.BytesIO(picture), mode="r") as container:
            self.form = container.format.name
            frame = next(container.decode(video=0))
        self.width, self.height = frame.width, frame.height
        grey = frame.reformat(format="gray")
        self._plane = bytes(grey.planes[0])
        self._line = grey.planes[0].line_size

    def at(self, x: float, y: float) -> int:
        """Brightness, 0 to 255, at a place from (0, 0) to (1, 1)."""
        return self._plane[int(y * self.height) * self._line + int(x * self.width)]

    def cells(self, columns: int, rows: int) -> list[int]:
        """The brightness of a grid's cells, row by row."""
        return [
            self.at((column + 0.5) / columns, (row + 0.5) / rows)
            for row in range(rows)
            for column in range(columns)
        ]

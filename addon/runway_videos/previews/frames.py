"""Takes pictures out of a video with PyAV. A program of its own, never imported by the proxy.

The bytes come from outside and the decoders are C: a crash, endless work or memory without bounds
must not be the proxy's. So it gets the file as its standard input and nothing else, no key, no name
of a file, no network address; it has limits of its own; and it is killed when it takes too long.

It writes the thumbnail and then the sprite sheet, each after its length in four bytes (big-endian).
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import IO

import av
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

#: Pixels of the longer side.
THUMBNAIL_SIDE, CELL_SIDE = 1280, 320
#: Frames in a sprite sheet, where the video has as many.
CELLS = 16
#: Seconds of processor time, and of all time; bytes of address space.
CPU_SECONDS, ALL_SECONDS, MEMORY_BYTES = 60, 90, 2 << 30

# The default is one for each processor: as many more frames and stacks in memory.
_THREADS = 1
_MATROSKA = b"\x1a\x45\xdf\xa3"


def pictures(file: IO[bytes]) -> Iterator[bytes]:
    """The thumbnail (WebP, a frame from the middle) and the sprite sheet (JPEG, a grid of frames).

    Raises av.FFmpegError or ValueError where the file is no video.
    """
    # Named, never guessed: some formats are lists of other files, which would be opened.
    file.seek(0)
    form = "matroska" if file.read(4) == _MATROSKA else "mp4"
    file.seek(0)
    with av.open(file, mode="r", format=form) as container:
        if not container.streams.video:
            raise ValueError("there is no picture in it")
        stream = container.streams.video[0]
        stream.codec_context.thread_count = _THREADS
        seconds = _length(stream, container.duration)
        cells = min(CELLS, stream.frames) if stream.frames > 0 else CELLS
        sheet = _Sheet(cells)
        thumbnail = b""
        for frame, until in _shown(container.decode(stream)):
            if not thumbnail and until > seconds / 2:
                thumbnail = _thumbnail(frame)
                yield thumbnail
            while sheet.count < cells and until > (sheet.count + 0.5) * seconds / cells:
                sheet.add(frame)
            if thumbnail and sheet.count == cells:
                break
        if not thumbnail:
            raise ValueError("there is no frame in it")
        yield sheet.picture()


def _shown(decoded: Iterator[VideoFrame]) -> Iterator[tuple[VideoFrame, float]]:
    """Each frame and until when it is shown, in seconds from the first; the last one without end."""
    first: float | None = None
    shown: VideoFrame | None = None
    at = 0.0
    for frame in decoded:
        if frame.pts is not None and frame.time_base is not None:
            time = float(frame.pts * frame.time_base)
            first = time if first is None else first
            at = time - first
        if shown is not None:
            yield shown, at
        shown = frame
    if shown is not None:
        yield shown, math.inf


def _length(stream: VideoStream, all_microseconds: int | None) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return (all_microseconds or 0) / 1_000_000


class _Sheet:
    """Frames in a square, row by row, all of the first one's size; cells that are left over are black."""

    def __init__(self, cells: int) -> None:
        self.count = 0
        self._columns = math.ceil(math.sqrt(cells))
        self._rows = math.ceil(cells / self._columns)
        self._graph: Graph | None = None
        self._size = (0, 0)

    def add(self, frame: VideoFrame) -> None:
        if self._graph is None:
            self._size = _fitted(frame, CELL_SIDE)
            self._graph = self._filters(*self._size)
        cell = _scaled(frame, *self._size, "yuv420p")
        cell.pts, cell.time_base = self.count, Fraction(1, 1)
        self._graph.vpush(cell)
        self.count += 1

    def picture(self) -> bytes:
        assert self._graph is not None  # there is a frame in it
        self._graph.vpush(None)
        whole = self._graph.vpull()
        return _encoded(_scaled(whole, whole.width, whole.height, "yuvj420p"), "mjpeg", qmin="2", qmax="5")

    def _filters(self, width: int, height: int) -> Graph:
        graph = Graph()
        graph.threads = _THREADS
        source = graph.add_buffer(
            width=width, height=height, format=av.VideoFormat("yuv420p"), time_base=Fraction(1, 1)
        )
        tile = graph.add("tile", f"{self._columns}x{self._rows}")
        source.link_to(tile)
        tile.link_to(graph.add("buffersink"))
        graph.configure()
        return graph


def _thumbnail(frame: VideoFrame) -> bytes:
    return _encoded(_scaled(frame, *_fitted(frame, THUMBNAIL_SIDE), "yuv420p"), "libwebp", quality="80")


def _fitted(frame: VideoFrame, side: int) -> tuple[int, int]:
    """Even width and height of the same shape, the longer one at most `side`."""
    scale = min(1.0, side / max(frame.width, frame.height))
    return max(2, round(frame.width * scale / 2) * 2), max(2, round(frame.height * scale / 2) * 2)


def _scaled(frame: VideoFrame, width: int, height: int, form: str) -> VideoFrame:
    return frame.reformat(width=width, height=height, format=form)


def _encoded(frame: VideoFrame, encoder: str, **options: str) -> bytes:
    context = av.CodecContext.create(encoder, "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = frame.width, frame.height
    context.pix_fmt = frame.format.name
    context.time_base = Fraction(1, 1)
    context.options = options
    context.thread_count = _THREADS
    frame.pts, frame.time_base = 0, Fraction(1, 1)
    # One frame is one packet, and that is a whole file.
    return b"".join(bytes(packet) for packet in (*context.encode(frame), *context.encode(None)))


def _limit() -> None:
    """Bounds what a file can cost, also where nobody is left to end this process."""
    if hasattr(signal, "alarm"):
        signal.alarm(ALL_SECONDS)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        for what, most in (
            (resource.RLIMIT_CPU, CPU_SECONDS),
            (resource.RLIMIT_AS, MEMORY_BYTES),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, 0),
        ):
            resource.setrlimit(what, (most, most))
    with contextlib.suppress(OSError):
        os.nice(10)  # whoever is served at the moment goes first


def main() -> None:
    """Writes the pictures of the video on the standard input to the standard output."""
    _limit()
    with open(0, "rb") as file:
        for picture in pictures(file):
            sys.stdout.buffer.write(len(picture).to_bytes(4) + picture)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

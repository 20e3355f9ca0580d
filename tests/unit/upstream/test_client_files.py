"""Files on their way to and from Runway's storage: never copied whole, never with credentials."""

from __future__ import annotations

import asyncio
import io
import tracemalloc

import multipart
import pytest

from runway_videos.upstream.client import FILE_PART, RunwayClient, UnknownOutcomeError
from runway_videos.upstream.memory_file import MemoryFile
from runway_videos.upstream.timeouts import Timeouts
from unit.loopback import Answer, Asked, Loopback, always, loopback, respond, run
from unit.upstream.client_calls import using

LINK = "/v.mp4?Signature=hush"
FIELDS = {"key": "uploads/1", "policy": "eyJ=", "X-Amz-Signature": "s", "Content-Type": "image/png"}


def parts_of(asked: Asked) -> list[tuple[str, str | None, str | None, bytes]]:
    """Name, filename, type and content of each part."""
    kind, options = multipart.parse_options_header(asked.headers["content-type"])
    assert kind == "multipart/form-data"
    found = multipart.MultipartParser(io.BytesIO(asked.body), options["boundary"], strict=True)
    return [(part.name, part.filename, part.content_type, part.raw) for part in found]


def stored(filename: str, mime: str, data: bytes | memoryview, fields: dict[str, str] = FIELDS) -> Asked:
    async def use(api: RunwayClient, server: Loopback) -> None:
        assert (await api.put_file(f"{server.url}/bucket?x=1", fields, filename, mime, data)).status == 204

    (asked,) = using(use, always(respond(204, b""))).asked
    return asked


@pytest.mark.parametrize(
    "data", [b"PNG\r\n--x\0\xff", memoryview(b"..PNG\r\n--x\0\xff")[2:], b"", b"x" * 200_000]
)
def test_the_fields_come_first_and_the_file_last(data: bytes | memoryview) -> None:
    asked = stored("frame.png", "image/png", data)
    *fields, file = parts_of(asked)
    assert [(name, raw.decode()) for name, _, _, raw in fields] == list(FIELDS.items())
    assert all(filename is None for _, filename, _, _ in fields)
    assert file == ("file", "frame.png", "image/png", bytes(data))
    # Its length is told: storage takes no chunks.
    assert asked.headers["content-length"] == str(len(asked.body))
    assert "transfer-encoding" not in asked.headers
    assert "authorization" not in asked.headers
    assert asked.target == "/bucket?x=1"


def test_names_cannot_break_out_of_their_part() -> None:
    asked = stored('a"\r\nX: y.png', "image/png", b"PNG", {'k"\r\nX: y': 'v"\r\n--'})
    field, file = parts_of(asked)
    assert field[3] == b'v"\r\n--'
    assert (file[0], file[3]) == ("file", b"PNG")


def test_a_file_of_100_mb_is_not_copied() -> None:
    size = 100 << 20
    data = memoryview(bytes(size))
    got = 0

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal got
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.splitlines()
            if line.lower().startswith(b"content-length")
        )
        while got < length:
            got += len(await reader.read(1 << 16))
        writer.write(respond(204, b""))
        await writer.drain()
        writer.close()

    async def start() -> None:
        server = await asyncio.start_server(swallow, "127.0.0.1", 0)
        api = RunwayClient("http://127.0.0.1:1")
        tracemalloc.start()
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert (await api.put_file(url, FIELDS, "v.mp4", "video/mp4", data)).status == 204
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        await api.close()
        server.close()
        assert peak < 4 << 20

    run(start)
    assert size < got < size + 2000


@pytest.mark.parametrize("status", [200, 206, 302, 403, 404, 416, 500])
def test_a_probe_tells_the_status(status: int) -> None:
    found: list[int] = []

    async def use(api: RunwayClient, server: Loopback) -> None:
        found.append(await api.probe(f"{server.url}/v.mp4?Signature=s~-_&Key-Pair-Id=K"))

    (asked,) = using(use, always(respond(status, b"x"))).asked
    assert found == [status]
    assert (asked.method, asked.target) == ("GET", "/v.mp4?Signature=s~-_&Key-Pair-Id=K")
    assert asked.headers["range"] == "bytes=0-0"


def test_a_probe_does_not_wait_for_the_bytes_and_reads_none() -> None:
    """From a store that knows no ranges: it would send all of it."""
    stopped = asyncio.Event()
    sent = 0

    async def endless(asked: Asked, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        try:
            while not writer.is_closing():
                writer.write(b" " * 65536)
                sent += 65536
                await writer.drain()
        finally:
            stopped.set()

    async def start() -> None:
        async with loopback(endless) as server:
            api = RunwayClient("http://127.0.0.1:1")
            assert await api.probe(f"{server.url}/v.mp4") == 200
            await asyncio.wait_for(stopped.wait(), 10)
            await api.close()

    run(start)
    assert sent < 100_000_000


def test_memory_file_reads_like_a_file() -> None:
    pieces = MemoryFile(memoryview(b"0123456789")[2:])
    assert pieces.readable()
    assert pieces.seekable()
    assert (pieces.seek(0, io.SEEK_END), pieces.tell()) == (8, 8)
    assert pieces.read(5) == b""
    assert pieces.seek(0) == 0
    assert [pieces.read(3), pieces.read(3), pieces.read(3), pieces.read(3)] == [b"234", b"567", b"89", b""]
    assert (pieces.seek(-2, io.SEEK_CUR), pieces.read()) == (6, b"89")
    assert (pieces.seek(-99, io.SEEK_CUR), pieces.seek(99)) == (0, 8)


# A video that is read


def read(answer: Answer, timeouts: Timeouts | None = None) -> tuple[list[bytes], Loopback]:
    """The parts of a file that is answered so, and who was asked."""
    parts: list[bytes] = []

    async def write(part: bytes) -> None:
        parts.append(part)

    async def use(api: RunwayClient, server: Loopback) -> None:
        await api.read_file(f"{server.url}{LINK}", write)

    return parts, using(use, answer, timeouts)


def test_a_video_is_read_in_parts_without_credentials() -> None:
    body = bytes(range(256)) * 10_000
    parts, server = read(always(respond(200, body)))
    assert b"".join(parts) == body
    assert max(map(len, parts)) <= FILE_PART < len(body)
    (asked,) = server.asked
    assert (asked.method, asked.target) == ("GET", LINK)
    assert set(asked.headers) == {"host", "accept", "accept-encoding", "connection", "user-agent"}
    assert asked.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [403, 302, 206, 500])
def test_a_store_that_refuses_a_video_says_its_status(status: int) -> None:
    with pytest.raises(UnknownOutcomeError, match=f"^HTTP {status}$"):
        read(always(respond(status, b"<Error/>")))


def test_a_video_that_breaks_off_is_told() -> None:
    async def cut(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\nbeginning")
        await writer.drain()
        writer.close()

    with pytest.raises(UnknownOutcomeError):
        read(cut)


def test_a_video_that_trickles_ends_with_its_time() -> None:
    async def trickle(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 100000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    with pytest.raises(UnknownOutcomeError) as caught:
        read(trickle, Timeouts(video=0.2))
    assert caught.value.timed_out


def test_who_writes_may_stop_the_reading() -> None:
    async def stop(part: bytes) -> None:
        raise OSError(28, "full")

    async def use(api: RunwayClient, server: Loopback) -> None:
        with pytest.raises(OSError, match="full"):
            await api.read_file(server.url, stop)
        await server.idle.wait()

    using(use, always(respond(200, b"x" * 100)))

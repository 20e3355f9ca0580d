"""The small fast server behind every proxy of the bench: `python -m bench.origin`.

It answers at once, from memory: as a videos API, as Runway (a create whose prompt holds RUNS makes a
task that never ends, any other is done at once) and as its file store. It counts what it is asked;
`GET /counts` tells. Its first line of output is its URL.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import uuid
from collections import Counter

import msgspec

from bench import pattern

#: In the prompt of a video that is never finished.
RUNS = b"[runs]"
#: A video as the bare proxies pass it through.
VIDEO_PATH = "/v1/videos/video_0123456789"
VIDEO = (
    b'{"id":"video_0123456789","object":"video","model":"sora-2","status":"completed","progress":100,'
    b'"created_at":1760000000,"completed_at":1760000060,"expires_at":1760086460,"prompt":"a boat",'
    b'"size":"720x1280","seconds":"4","remixed_from_video_id":null,"error":null}'
)

_PIECE = 256 << 10
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RANGE = re.compile(rb"\r\nrange: *bytes=(\d+)-(\d+)", re.IGNORECASE)


class Origin:
    """What it counts, and where it is."""

    def __init__(self, file_bytes: int) -> None:
        self.url = ""
        self.file_bytes = file_bytes
        self.counts: Counter[str] = Counter()
        #: Bytes of files that were handed to the network.
        self.sent = 0


class Exchange(asyncio.Protocol):
    """A connection: requests one after the other, also when they come together."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._buffer = bytearray()
        self._file = (0, 0)  # from where, up to where
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[: end + 2])
            length = int(found[1]) if (found := _LENGTH.search(head)) else 0
            whole = end + 4 + length
            if len(self._buffer) < whole:
                return
            body = bytes(self._buffer[end + 4 : whole])
            del self._buffer[:whole]
            method, path, _ = head.split(b" ", 2)
            self._answer(method.decode(), path.decode(), head, body)

    def _answer(self, method: str, path: str, head: bytes, body: bytes) -> None:
        counts = self._origin.counts
        match path.split("/")[1:]:
            case ["v1", "videos", _]:
                counts["video"] += 1
                self._reply(VIDEO)
            case ["v1", "tasks", task]:
                counts["task"] += 1
                self._reply(self._task(task))
            case ["v1", "text_to_video"] if method == "POST" and b'"promptText":' in body:
                counts["create"] += 1
                made = ("0" if RUNS in body else "1") + str(uuid.uuid4())[1:]
                self._reply(b'{"id":"%s"}' % made.encode())
            case ["files", size]:
                self._send(int(size), head)
            case ["counts"]:
                self._reply(msgspec.json.encode({**counts, "sent": self._origin.sent}))
            case _:
                counts["unknown"] += 1
                self._reply(b"{}", b"404 Not Found")

    def _task(self, task: str) -> bytes:
        if task.startswith("0"):
            return b'{"id":"%s","status":"RUNNING","progress":0.5}' % task.encode()
        link = f"{self._origin.url}/files/{self._origin.file_bytes}"
        return msgspec.json.encode({"id": task, "status": "SUCCEEDED", "output": [link]})

    def _reply(self, body: bytes, status: bytes = b"200 OK") -> None:
        head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % (status, len(body)) + body)

    def _send(self, size: int, head: bytes) -> None:
        start, stop, status = 0, size, b"200 OK"
        if found := _RANGE.search(head):
            start, stop, status = int(found[1]), int(found[2]) + 1, b"206 Partial Content"
        self._origin.counts["probe" if found else "file"] += 1
        answer = b"HTTP/1.1 %s\r\nContent-Type: video/mp4\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(answer % (status, stop - start))
        self._file = (start, stop)
        self._go_on()

    def _go_on(self) -> None:
        start, stop = self._file
        while start < stop and not self._paused and not self._transport.is_closing():
            data = pattern.piece(start, min(_PIECE, stop - start))
            start += len(data)
            self._origin.sent += len(data)
            self._file = (start, stop)
            self._transport.write(data)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._go_on()


async def serve(file_bytes: int) -> None:
    """Serves videos of so many bytes until it is ended."""
    origin = Origin(file_bytes)
    server = await asyncio.get_running_loop().create_server(lambda: Exchange(origin), "127.0.0.1", 0)
    origin.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    sys.stdout.write(f"{origin.url}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.origin")
    parser.add_argument("--file-bytes", type=int, default=50_000_000)
    asyncio.run(serve(parser.parse_args().file_bytes))

"""The parts of HTTP/1.1 that a server needs which breaks it on purpose."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping

import msgspec

_REASONS = {200: "OK", 204: "No Content", 206: "Partial Content", 307: "Temporary Redirect"}
_ABORT = struct.pack("ii", 1, 0)


class Request(msgspec.Struct, frozen=True):
    """A request's first line and headers; names in lower case."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def key(self) -> str:
        """The bearer token."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


async def read_head(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection, None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    pairs = (line.split(":", 1) for line in lines)
    return Request(method, path, {name.lower(): value.strip() for name, value in pairs})


async def read_body(reader: asyncio.StreamReader, request: Request) -> bytes:
    """The body, by its length or in chunks."""
    if request.headers.get("transfer-encoding", "") != "chunked":
        return await reader.readexactly(int(request.headers.get("content-length", "0")))
    parts = []
    while size := int((await reader.readline()).strip() or b"0", 16):
        parts.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(parts)


def answer(status: int, body: bytes, headers: Mapping[str, str] = {}) -> bytes:
    """A whole answer."""
    lines = {"content-type": "application/json", **headers}
    if status != 204:
        lines["content-length"] = str(len(body))
    head = f"HTTP/1.1 {status} {_REASONS.get(status, 'Some Reason')}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return head.encode() + b"\r\n" + body


def reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection with a RST, as a server that dies or a middlebox that forgets."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
    writer.transport.abort()


def split_file(content: bytes, asked: str | None) -> tuple[int, bytes, dict[str, str]]:
    """Status, bytes and headers for a Range of a file."""
    headers = {"content-type": "video/mp4", "accept-ranges": "bytes", "etag": '"faulty"'}
    if not asked:
        return 200, content, headers
    start, _, end = asked.removeprefix("bytes=").partition("-")
    first, last = int(start), min(int(end) if end else len(content) - 1, len(content) - 1)
    headers["content-range"] = f"bytes {first}-{last}/{len(content)}"
    return 206, content[first : last + 1], headers

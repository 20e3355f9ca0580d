"""A tiny HTTP server on loopback that counts connections and does what a test says, bytes included."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import wraps

import msgspec


class Asked(msgspec.Struct):
    """A request as it arrived. `headers` by lower-case name."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Loopback:
    """`answer` gets each request and the writer; `asked` has them all, `connections` their number."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        self.idle = asyncio.Event()  # no connection is open
        self.url = ""
        self._answer = answer
        self._writers: set[asyncio.StreamWriter] = set()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        self.idle.clear()
        number = self.connections
        try:
            while (asked := await _read(reader, number)) is not None:
                self.asked.append(asked)
                await self._answer(asked, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the client left
        finally:
            writer.close()
            self._writers.discard(writer)
            if not self._writers:
                self.idle.set()

    def abort(self) -> None:
        """Ends all connections."""
        for writer in self._writers:
            reset(writer)


type Answer = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def loopback(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Loopback]:
    """A server on a free port of 127.0.0.1."""
    found = Loopback(answer)
    server = await asyncio.start_server(found.handle, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    found.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield found
    finally:
        server.close()
        found.abort()


def respond(status: int = 200, body: bytes = b"{}", *headers: str) -> bytes:
    """A whole answer."""
    lines = [
        f"HTTP/1.1 {status} X",
        f"content-length: {len(body)}",
        "content-type: application/json",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def always(answer: bytes = b"") -> Answer:
    """The same answer to all; without one, `{}`."""

    async def give(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answer or respond())

    return give


def reset(writer: asyncio.StreamWriter) -> None:
    """Ends the connection with a reset."""
    transport = writer.transport
    assert isinstance(transport, asyncio.Transport)
    transport.abort()


def run[T](
    test: Callable[[], Awaitable[T]], loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
) -> T:
    """Runs a coroutine on a loop of its own."""

    async def start() -> T:
        return await asyncio.wait_for(test(), 30)

    return asyncio.run(start(), loop_factory=loop_factory)


def in_a_loop[**P](test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """A test that is a coroutine, on a loop of its own."""

    @wraps(test)
    def start(*args: P.args, **kwargs: P.kwargs) -> None:
        run(lambda: test(*args, **kwargs))

    return start


async def _read(reader: asyncio.StreamReader, connection: int) -> Asked | None:
    line = await reader.readline()
    if not line:
        return None
    method, target, _ = line.decode().split()
    headers = {}
    while line := (await reader.readline()).strip():
        name, _, value = line.decode().partition(":")
        assert name.lower() not in headers
        headers[name.lower()] = value.strip()
    body = b""
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    body += await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(connection, method, target, headers, body)


def fields(asked: Asked) -> dict[str, str]:
    """The JSON object of a request's body."""
    found: dict[str, str] = json.loads(asked.body)
    return found

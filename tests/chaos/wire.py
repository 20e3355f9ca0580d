"""One HTTP/1.1 request over a connection of its own, by a client that may hang up at any point."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from enum import Enum
from typing import Any

import msgspec

from faulty import http1

PATIENCE_SECONDS = 40.0
#: What is said of a request that nobody answered in that time.
NO_ANSWER = "no answer in time"


class How(Enum):
    """When a client hangs up."""

    NOT = "it does not"
    BODY = "within its request"
    TIME = "after some time"
    MOMENT = "when Runway answers"
    UNREAD = "when its answer is there, unread"
    PART = "after a part of its answer"


class Hang(msgspec.Struct, frozen=True):
    """One attempt's hang-up; `after` in seconds, `reset`: by a RST."""

    how: How = How.NOT
    after: float = 0.0
    reset: bool = False

    @property
    def leaves(self) -> bool:
        """Whether it hangs up at all."""
        return self.how is not How.NOT


#: A client that waits for its answer.
STAYS = Hang()


class Answer(msgspec.Struct, frozen=True):
    """A whole answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class LostError(Exception):
    """No whole answer. `reached`: for all that the client knows somebody may have read the request."""

    def __init__(self, reason: str, reached: bool = True) -> None:
        super().__init__(reason)
        self.reached = reached


async def ask(
    port: int,
    method: str,
    path: str,
    headers: Mapping[str, str] = {},
    body: bytes = b"",
    *,
    hang: Hang = STAYS,
    moment: asyncio.Future[None] | None = None,
    seconds: float = PATIENCE_SECONDS,
) -> Answer:
    """The answer. `moment` is done when Runway answers. Raises LostError."""
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), seconds)
    except (OSError, TimeoutError):
        raise LostError("connection refused", reached=False) from None
    lines = {"host": f"127.0.0.1:{port}", "content-length": str(len(body)), **headers}
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    full = head.encode() + b"\r\n" + body
    try:
        if hang.how is How.BODY:
            writer.write(full[: -len(body) // 2])
            await writer.drain()
            await asyncio.sleep(hang.after)
            raise LostError("hung up within its request", reached=False)
        writer.write(full)
        async with asyncio.timeout(seconds):
            await writer.drain()
            return await _answer(reader, hang, moment)
    except TimeoutError:
        raise LostError(NO_ANSWER) from None
    except (OSError, asyncio.IncompleteReadError) as error:
        raise LostError(f"connection ended: {type(error).__name__}") from None
    finally:
        if hang.reset:
            with contextlib.suppress(OSError):
                http1.reset(writer)
        writer.transport.abort() if hang.how is not How.NOT else writer.close()


async def _answer(reader: asyncio.StreamReader, hang: Hang, moment: asyncio.Future[None] | None) -> Answer:
    first = asyncio.ensure_future(reader.readexactly(1))
    try:
        if hang.how is How.TIME:
            done, _ = await asyncio.wait([first], timeout=hang.after)
            if not done:
                raise LostError(f"hung up after {hang.after:.3f} s")
        elif hang.how is How.MOMENT and moment is not None:
            waits: list[asyncio.Future[Any]] = [first, moment]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if not first.done():
                await asyncio.sleep(hang.after)
                raise LostError(f"hung up {1000 * hang.after:.0f} ms after Runway's answer")
        start = await first
    finally:
        first.cancel()
    if hang.how is How.UNREAD:
        raise LostError("hung up with its answer unread")
    head = start + await reader.readuntil(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (field.split(":", 1) for field in fields)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    if hang.how is How.PART:
        await reader.readexactly(min(20, int(headers.get("content-length", "0"))))
        raise LostError("hung up after a part of its answer")
    return Answer(int(line.split(" ")[1]), headers, await _body(reader, headers))


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "chunked" not in headers.get("transfer-encoding", ""):
        length = headers.get("content-length")
        return await (reader.read() if length is None else reader.readexactly(int(length)))
    parts = []
    while size := int((await reader.readline()).split(b";")[0].strip() or b"0", 16):
        parts.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(parts)

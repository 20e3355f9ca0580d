"""The bench's own client, for machines without wrk and for latencies: raw HTTP/1.1, kept alive."""

from __future__ import annotations

import asyncio
import re
import time

from bench.load import Ask, Load, Result

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class _Run:
    """One measurement: what is asked next, and what came."""

    def __init__(self, ask: Ask, load: Load) -> None:
        self.ask = ask
        self.left = load.requests
        self.until = time.perf_counter() + load.seconds if load.requests is None else None
        self.asked = 0
        self.good = 0
        self.bad = 0
        self.latencies: list[float] = []
        self.ended = 0.0

    def next(self) -> bytes | None:
        """The next request, None when it is enough."""
        if self.until is not None and time.perf_counter() >= self.until:
            return None
        if self.left is not None and self.asked >= self.left:
            return None
        self.asked += 1
        return self.ask.request(self.asked)

    def note(self, status: bytes, body: bytes, seconds: float) -> None:
        """An answer."""
        self.latencies.append(seconds)
        self.ended = time.perf_counter()
        if self.ask.is_right(status, body):
            self.good += 1
        else:
            self.bad += 1


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run, closed: asyncio.Future[None]) -> None:
        self._run = run
        self._closed = closed
        self._buffer = bytearray()
        self._since = 0.0
        self._waits = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        request = self._run.next()
        if request is None:
            self._transport.close()
            return
        self._waits = True
        self._since = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        found = _LENGTH.search(self._buffer, 0, end + 2)
        whole = end + 4 + (int(found[1]) if found else 0)
        if len(self._buffer) < whole:
            return
        self._waits = False
        body = bytes(self._buffer[end + 4 : whole])
        self._run.note(bytes(self._buffer[9:12]), body, time.perf_counter() - self._since)
        self._buffer.clear()
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waits:
            self._run.bad += 1
        if not self._closed.done():
            self._closed.set_result(None)


async def _drive(port: int, ask: Ask, load: Load) -> Result:
    loop = asyncio.get_running_loop()
    run = _Run(ask, load)
    began = time.perf_counter()
    ends: list[asyncio.Future[None]] = [loop.create_future() for _ in range(load.connections)]
    for end in ends:
        await loop.create_connection(lambda end=end: _Connection(run, end), "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*ends)
    return Result(run.good, run.bad, max(run.ended - began, 1e-9), tuple(run.latencies))


def drive(port: int, ask: Ask, load: Load) -> Result:
    """Asks until the load is done."""
    return asyncio.run(_drive(port, ask, load))

"""A relay of TCP between one replica and its store, whose ways can be broken. In this event loop."""

from __future__ import annotations

import asyncio
import contextlib
from enum import Enum

import msgspec

from faulty import http1


class Way(Enum):
    """What becomes of the bytes."""

    OPEN = "they pass"
    CUT = "connections are reset, new ones too"
    DEAF = "answers are lost"


class _Link(msgspec.Struct, eq=False):
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    #: Set while what the client sends passes.
    passes: asyncio.Event


class Relay:
    """Listens on `port` from `start` on. `target` is the store's port."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target = target
        self._way = Way.OPEN
        self._links: set[_Link] = set()
        self._jobs: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """On a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Ends all connections."""
        if self._server is not None:
            self._server.close()
        self._reset()
        for job in list(self._jobs):
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)

    async def cut(self, seconds: float) -> None:
        """Resets every connection, and each new one, for so long."""
        self._way = Way.CUT
        self._reset()
        await asyncio.sleep(seconds)
        self._way = Way.OPEN

    async def deafen(self, seconds: float) -> None:
        """What is sent arrives; no answer comes back for so long, then every connection is reset."""
        self._way = Way.DEAF
        await asyncio.sleep(seconds)
        self._way = Way.OPEN
        self._reset()

    async def delay(self, seconds: float) -> None:
        """What is sent over the connections that there are arrives late, even if their client has gone."""
        late = list(self._links)
        for link in late:
            link.passes.clear()
        await asyncio.sleep(seconds)
        for link in late:
            link.passes.set()

    def _reset(self) -> None:
        for link in list(self._links):
            for writer in (link.client, link.server):
                with contextlib.suppress(OSError):  # it has ended by itself
                    http1.reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        job = asyncio.current_task()
        assert job is not None
        self._jobs.add(job)
        try:
            await self._relay(reader, writer)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._jobs.discard(job)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._way is Way.CUT:
            http1.reset(writer)
            return
        answers, server = await asyncio.open_connection("127.0.0.1", self._target)
        link = _Link(writer, server, asyncio.Event())
        link.passes.set()
        self._links.add(link)
        back = asyncio.create_task(self._back(answers, writer))
        try:
            while data := await reader.read(1 << 16):
                await link.passes.wait()
                server.write(data)
                await server.drain()
            # What was held back is there now: the store reads it before the end.
            await link.passes.wait()
        finally:
            self._links.discard(link)
            server.close()
            with contextlib.suppress(OSError):
                await back
            writer.close()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if self._way is not Way.DEAF:
                    writer.write(data)
                    await writer.drain()
            writer.close()

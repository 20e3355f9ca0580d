"""The connections of a raw HTTP server, each served in a task of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from faulty import http1
from faulty.http1 import Request

#: Serves one request; False where the connection is to be closed.
type Exchange = Callable[[Request, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]


class Connections:
    """Those that are open. `end` ends all of them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, exchange: Exchange
    ) -> None:
        """Serves a connection's requests, one after another. Whoever hangs up within one ends it."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while (request := await http1.read_head(reader)) is not None:
                if not await exchange(request, reader, writer):
                    break
        writer.transport.abort()

    async def end(self) -> None:
        """Also in the middle of an exchange."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

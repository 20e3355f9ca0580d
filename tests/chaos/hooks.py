"""The applications' webhooks: a server with a path for each caller. It does not always take what comes."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import Sequence
from random import Random

import openai

from chaos.plan import CALLERS
from chaos.records import Event, Trace
from faulty import http1
from faulty.connections import Connections
from faulty.http1 import Request

#: How often one event is not taken.
MOST_REFUSALS = 2


def secret_of(caller: str) -> str:
    """What signs a caller's events."""
    return "whsec_" + base64.b64encode(f"the secret of the hook of {caller}".encode()).decode()


class Hooks:
    """`events`: all that came. `refuses`: the part that is not taken at first, but answered with an error
    or left without an answer."""

    def __init__(self, seed: str, refuses: float, trace: Trace) -> None:
        self.events: list[Event] = []
        self._random = Random(seed)
        self._refuses = refuses
        self._refusals: dict[str, int] = {}  # still to come, by the event's id
        self._trace = trace
        self._connections = Connections()
        self._came = asyncio.Event()

    async def start(self) -> None:
        """Listens."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Ends all connections."""
        self._server.close()
        await self._connections.end()

    def options(self) -> list[dict[str, object]]:
        """`runway_webhooks`: each caller has its own."""
        return [
            {"url": f"http://127.0.0.1:{self._port}/{name}", "secret": secret_of(name), "callers": [name]}
            for name in CALLERS
        ]

    async def told(self, videos: Sequence[str], longest: float) -> None:
        """Waits until an event about each video was taken, or until the longest time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest):
                while set(videos) - {event.video for event in self.events if event.taken}:
                    self._came.clear()
                    await self._came.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._connections.serve(reader, writer, self._take)

    async def _take(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        body = await http1.read_body(reader, request)
        event = _event_of(request, body)
        event.taken = taken = not self._is_refused(event.id)
        self.events.append(event)
        self._trace.say(
            time.monotonic(), "", f"{event.caller}: {event.type} of {event.video}, taken: {taken}"
        )
        self._came.set()
        if not taken and self._random.random() < 0.5:
            return False
        writer.write(http1.answer(200 if taken else 500, b"{}"))
        await writer.drain()
        return True

    def _is_refused(self, event: str) -> bool:
        if event not in self._refusals:
            refused = self._random.random() < self._refuses
            self._refusals[event] = self._random.randint(1, MOST_REFUSALS) if refused else 0
        self._refusals[event] -= 1
        return self._refusals[event] >= 0


def _event_of(request: Request, body: bytes) -> Event:
    """As the `openai` client of the application reads it."""
    caller = request.path.lstrip("/")
    app = openai.OpenAI(api_key="none", webhook_secret=secret_of(caller))
    try:
        app.webhooks.unwrap(body, request.headers)
        is_signed = True
    except (openai.InvalidWebhookSignatureError, ValueError):
        is_signed = False
    told = json.loads(body)
    return Event(time.monotonic(), caller, told["type"], told["data"]["id"], told["id"], is_signed=is_signed)

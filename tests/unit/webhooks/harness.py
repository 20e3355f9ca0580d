"""A service with a webhook, under a clock that moves only when the test says so."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from typing import Any

import msgspec

from unit.upstream.held_harness import HeldHarness, settle

URL = "https://hooks.example/videos?of=hush"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HOOK = {"url": URL, "secret": SECRET}
DONE = {"status": "SUCCEEDED", "output": ["https://files.example/v.mp4"]}


class Sent(msgspec.Struct):
    """A delivery that was tried."""

    at: float
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Receiver:
    """In place of the connections. `problems` are the next deliveries'; they end while `takes` is set."""

    def __init__(self, harness: HeldHarness) -> None:
        self._harness = harness
        self.sent: list[Sent] = []
        self.problems: deque[str] = deque()
        self.takes = asyncio.Event()
        self.takes.set()
        self.at_once = self.most_at_once = 0
        self.closed = False

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> str:
        self.sent.append(Sent(self._harness.now, url, headers, body))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.takes.wait()
        self.at_once -= 1
        return self.problems.popleft() if self.problems else ""

    async def close(self) -> None:
        self.closed = True


class WebhookHarness(HeldHarness):
    """`receiver` gets what is sent to all webhooks."""

    def __init__(self, environ: Mapping[str, str] | None = None, /, **options: Any) -> None:
        self.receiver = self._new_receiver()
        super().__init__(environ, **{"webhooks": [HOOK], **options})

    def _new_receiver(self) -> Receiver:
        return Receiver(self)

    def _connect_webhooks(self) -> Receiver:
        return self.receiver

    async def ended(self, count: int = 1, **more: Any) -> list[str]:
        """Videos that have ended, as a client has seen."""
        ids = [await self.create(**more) for _ in range(count)]
        self.set(**DONE)
        for video_id in ids:
            await self.video("GET", f"/{video_id}", **more)
        await settle()
        return ids

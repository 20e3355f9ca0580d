"""Delivers events to one webhook: at least once, in order for each video, for an hour at most.

An event is sent at once, and where it is not taken again after 5 s, 10 s, 20 s and so on, with up to
25 % on top; waits grow to 10 minutes. After an hour it is sent for the last time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from math import inf
from typing import Protocol

import msgspec

from runway_videos.config.webhook_options import Webhook
from runway_videos.events import WebhookDelivered, WebhookFailed, WebhookLost
from runway_videos.runtime import Runtime
from runway_videos.webhooks.due_events import DueEvent, DueEvents
from runway_videos.webhooks.keeping import Deliver, KeepsEnds
from runway_videos.webhooks.signing import Signer

#: How long an event is tried, and the first and the longest wait between two tries, in seconds.
GIVE_UP_SECONDS, FIRST_WAIT, LONGEST_WAIT = 3600.0, 5.0, 600.0
#: Deliveries to one webhook at the same time.
MAX_AT_ONCE = 8
# How often it is looked whose time has come.
_TICK_SECONDS = 1.0


class Sends(Protocol):
    """Sends an event and gives what is wrong, "" where it was taken."""

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> str: ...


class Delivery:
    """Delivers to one webhook, which a new configuration may change. `current` gives the runtime.

    `keep` makes what keeps its events, and takes what is to be delivered.
    """

    def __init__(
        self,
        webhook: Webhook,
        signer: Signer,
        client: Sends,
        current: Callable[[], Runtime],
        keep: Callable[[Deliver], KeepsEnds],
    ) -> None:
        self._webhook, self._signer = webhook, signer
        self._client = client
        self._due = DueEvents()
        self._current = current
        self.kept = keep(self.add)
        self._under_way: set[asyncio.Task[None]] = set()
        self._ticks: asyncio.Task[None] | None = None
        self._hurries = self._is_over = False

    @property
    def webhook(self) -> Webhook:
        return self._webhook

    def use(self, webhook: Webhook, signer: Signer) -> None:
        """What is sent from now on is signed by this secret."""
        self._webhook, self._signer = webhook, signer

    def add(self, event: DueEvent) -> bool:
        """An event that is to be delivered. False where there is no room; it is lost if nobody keeps it."""
        if not self._is_over and self._due.put(event):
            self._send_due()
            return True
        if not self.kept.lasts:
            self._lose(event, f"{len(self._due)} events wait for it already")
        return False

    def __len__(self) -> int:
        """Events that are not delivered yet."""
        return len(self._due)

    async def hurry(self) -> None:
        """Tries each event once more, at once, and waits for that."""
        self._hurries = True
        self._due.hurry()
        self._send_due()
        while self._under_way:
            await asyncio.wait(self._under_way)

    def end(self) -> None:
        """Delivers no more."""
        self._is_over = True
        for task in (*self._under_way, *([self._ticks] if self._ticks else [])):
            task.cancel()

    def _send_due(self) -> None:
        now = self._current().now()
        while len(self._under_way) < MAX_AT_ONCE and (event := self._due.take(now)) is not None:
            task = asyncio.create_task(self._deliver(event))
            self._under_way.add(task)
            task.add_done_callback(self._ended)
        if self._ticks is None and len(self._due):
            self._ticks = asyncio.create_task(self._tick())

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.result()
            self._send_due()

    async def _tick(self) -> None:
        while len(self._due):
            await self._current().sleep(_TICK_SECONDS)
            self._send_due()
        self._ticks = None

    async def _deliver(self, event: DueEvent) -> None:
        if not await self.kept.is_due(event):
            self._due.remove(event)  # another process has it
            return
        runtime, webhook, body = self._current(), self._webhook, body_of(event)
        headers = self._signer.headers(event.id, body, runtime.now())
        headers["content-type"] = "application/json"
        problem = await self._client.send(webhook.url, headers, body)
        if not problem:
            self._due.remove(event)
            self.kept.told(event)
            runtime.events.emit(WebhookDelivered(webhook.host, event.type, event.video_id))
            return
        now, last = runtime.now(), event.until
        if now < last and self._hurries and self.kept.lasts:
            self._due.put_back(event, inf)
            return
        if now >= last or self._hurries:
            self._due.remove(event)
            self.kept.told(event)
            self._lose(event, problem)
            return
        wait = min(FIRST_WAIT * 2.0**event.tries, LONGEST_WAIT) * (1 + runtime.jitter() / 4)
        at = min(now + wait, last)
        again = msgspec.structs.replace(event, tries=event.tries + 1)
        self._due.put_back(again, at)
        runtime.events.emit(WebhookFailed(webhook.host, event.video_id, problem, again.tries, at - now))

    def _lose(self, event: DueEvent, reason: str) -> None:
        self._current().events.emit(WebhookLost(self._webhook.host, event.video_id, reason))


def body_of(event: DueEvent) -> bytes:
    """The event's JSON, as OpenAI sent it."""
    return msgspec.json.encode(
        {
            "id": event.id,
            "object": "event",
            "created_at": int(event.since),
            "type": event.type,
            "data": {"id": event.video_id},
        }
    )

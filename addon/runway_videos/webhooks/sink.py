"""The sink that tells webhooks of the ends of videos."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

from runway_videos import events
from runway_videos.config.webhook_options import Webhook
from runway_videos.events import Event
from runway_videos.runtime import Runtime
from runway_videos.upstream.poll import Poller
from runway_videos.webhooks.client import WebhookClient
from runway_videos.webhooks.delivery import Delivery, Sends
from runway_videos.webhooks.due_events import DueEvent, DueEvents, DueEventsInMemory
from runway_videos.webhooks.signing import Signer
from runway_videos.webhooks.unfinished import UnfinishedVideos


class Connections(Sends, Protocol):
    """Sends events, until it is closed."""

    async def close(self) -> None: ...


class WebhookSink:
    """Follows the videos that are made and queues their ends. Outlives runtimes; `current` gives the newest.

    `connect` makes the connections when the first webhook comes, `queue` the queue of the webhook at
    an address.
    """

    def __init__(
        self,
        poller: Poller,
        current: Callable[[], Runtime],
        connect: Callable[[], Connections] = WebhookClient,
        queue: Callable[[str], DueEvents] = lambda url: DueEventsInMemory(),
    ) -> None:
        self._current = current
        self._connect = connect
        self._queue = queue
        self._client: Connections | None = None
        self._deliveries: dict[str, Delivery] = {}
        self._unfinished = UnfinishedVideos(poller, current)
        self._handlers: Mapping[type[Event], Callable[[Any], None]] = {
            events.VideoSubmitted: self._submitted,
            events.VideoEnded: self._ended,
            events.VideoDeleted: self._deleted,
        }

    def use(self, webhooks: Sequence[Webhook], signers: Sequence[Signer]) -> None:
        """Tells these from now on. Events that wait for one that stays are kept."""
        kept: dict[str, Delivery] = {}
        for webhook, signer in zip(webhooks, signers, strict=True):
            delivery = self._deliveries.get(webhook.url)
            if delivery is None:
                self._client = self._client or self._connect()
                delivery = Delivery(webhook, signer, self._client, self._queue(webhook.url), self._current)
            delivery.use(webhook, signer)
            kept[webhook.url] = delivery
        dropped = [each for url, each in self._deliveries.items() if url not in kept]
        self._deliveries = kept
        for delivery in dropped:
            delivery.end()
            if len(delivery):
                reason = "the webhook is not configured any more"
                lost = events.WebhookLost(delivery.webhook.host, f"{len(delivery)} videos", reason)
                self._current().events.emit(lost)

    def __call__(self, event: Event) -> None:
        handler = self._handlers.get(type(event)) if self._deliveries else None
        if handler is not None:
            handler(event)

    async def flush(self, seconds: float) -> None:
        """The process ends: all that is due is tried once more, within the time."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(each.hurry() for each in self._deliveries.values()))
        except TimeoutError:
            pass
        finally:
            self.end()

    def end(self) -> None:
        """Polls and sends no more, and tells what that loses."""
        due, unfinished = sum(map(len, self._deliveries.values())), len(self._unfinished)
        if self._deliveries and (due or unfinished):
            self._current().events.emit(events.WebhooksEnded(due, unfinished))
        self._unfinished.end()
        for delivery in self._deliveries.values():
            delivery.end()
        self._deliveries = {}

    async def close(self) -> None:
        """Closes connections."""
        self.end()
        if self._client is not None:
            await self._client.close()

    def _submitted(self, event: events.VideoSubmitted) -> None:
        caller = event.video.caller
        if event.video_id and any(each.webhook.takes(caller) for each in self._deliveries.values()):
            self._unfinished.add(event.task, event.video_id, caller)

    def _ended(self, event: events.VideoEnded) -> None:
        self._unfinished.remove(event.task)
        if event.deleted or not event.video_id:
            return
        type = "video.completed" if event.state.status == "completed" else "video.failed"
        due = DueEvent(
            id=event_id(event.key, event.task, type),
            type=type,
            task=event.task,
            video_id=event.video_id,
            since=self._current().now(),
        )
        for delivery in self._deliveries.values():
            if delivery.webhook.takes(event.video.caller):
                delivery.add(due)

    def _deleted(self, event: events.VideoDeleted) -> None:
        self._unfinished.remove(event.task)


def event_id(key: str, task: str, type: str) -> str:
    """The same from every process, so that a receiver can tell one event that is sent twice."""
    return "evt_" + sha256(f"{key}\0{task}\0{type}".encode()).hexdigest()[:32]

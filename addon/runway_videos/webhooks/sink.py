"""The sink that tells webhooks of the ends of videos."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

from runway_videos import events
from runway_videos.config.webhook_options import Webhook
from runway_videos.events import Event
from runway_videos.runtime import RequestedVideo, Runtime
from runway_videos.store.shared_state import StoreUnavailableError
from runway_videos.upstream.poll import Poller
from runway_videos.webhooks.client import WebhookClient
from runway_videos.webhooks.delivery import GIVE_UP_SECONDS, Delivery, Sends
from runway_videos.webhooks.due_events import DueEvent
from runway_videos.webhooks.keeping import Deliver, KeepsEnds, ToldVideo
from runway_videos.webhooks.kept_ends import Keep, in_memory
from runway_videos.webhooks.signing import Signer
from runway_videos.webhooks.unfinished import UnfinishedVideos

#: How often it is looked for processes that have died, in seconds.
LOOK_SECONDS = 2.5


class Connections(Sends, Protocol):
    """Sends events, until it is closed."""

    async def close(self) -> None: ...


class WebhookSink:
    """Follows the videos that are made and queues their ends. Outlives runtimes; `current` gives the newest.

    `connect` makes the connections when the first webhook comes, `keep` what keeps the ends for one.
    """

    def __init__(
        self,
        poller: Poller,
        current: Callable[[], Runtime],
        connect: Callable[[], Connections] = WebhookClient,
        keep: Keep = in_memory,
    ) -> None:
        self._current = current
        self._connect = connect
        self._keep = keep
        self._client: Connections | None = None
        self._deliveries: dict[str, Delivery] = {}
        self._ended_deliveries: list[Delivery] = []
        self._looks: asyncio.Task[None] | None = None
        self._takes_over = False
        self._unfinished = UnfinishedVideos(
            poller, current, seen=self._seen, gave_up=self._gave_up, is_deleted=self._is_deleted
        )
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
                delivery = Delivery(webhook, signer, self._client, self._current, self._keeper(webhook.url))
            delivery.use(webhook, signer)
            kept[webhook.url] = delivery
        dropped = [each for url, each in self._deliveries.items() if url not in kept]
        self._deliveries = kept
        for delivery in dropped:
            delivery.end()
            self._ended_deliveries.append(delivery)
            if len(delivery):
                reason = "the webhook is not configured any more"
                lost = events.WebhookLost(delivery.webhook.host, f"{len(delivery)} videos", reason)
                self._current().events.emit(lost)
        self._begin_looks()

    def __call__(self, event: Event) -> None:
        handler = self._handlers.get(type(event)) if self._deliveries else None
        if handler is not None:
            handler(event)

    def start(self) -> None:
        """Takes over what processes that have died have left, from now on."""
        self._takes_over = True
        self._begin_looks()

    async def written(self, task: str) -> None:
        """Waits a moment until a video that was made here is kept, so that its end is told in any case."""
        for delivery in list(self._deliveries.values()):
            await delivery.kept.written(task)

    async def hurry(self) -> None:
        """Tries all that is due once more, at once."""
        await asyncio.gather(*(each.hurry() for each in self._deliveries.values()))

    def end(self) -> None:
        """Polls and sends no more, and tells what that loses."""
        due, unfinished = sum(map(len, self._deliveries.values())), len(self._unfinished)
        if self._deliveries and (due or unfinished):
            kept = all(each.kept.lasts for each in self._deliveries.values())
            self._current().events.emit(events.WebhooksEnded(due, unfinished, kept))
        if self._looks is not None:
            self._looks.cancel()
        self._unfinished.end()
        for delivery in self._deliveries.values():
            delivery.end()
        self._ended_deliveries += self._deliveries.values()
        self._deliveries = {}

    async def close(self) -> None:
        """Gives what is still to be written a moment, and closes connections."""
        self.end()
        for delivery in self._ended_deliveries:
            await delivery.kept.close()
        if self._client is not None:
            await self._client.close()

    def _submitted(self, event: events.VideoSubmitted) -> None:
        caller, now = event.video.caller, self._current().now()
        deliveries = list(self._for(caller))
        if event.video_id and deliveries:
            video = ToldVideo(event.task, event.key, event.video_id, caller, now)
            for delivery in deliveries:
                delivery.kept.made(video)
            self._unfinished.add(event.task, event.video_id, caller)

    def _ended(self, event: events.VideoEnded) -> None:
        self._unfinished.remove(event.task)
        if event.deleted or not event.video_id:
            return
        now, caller = self._current().now(), event.video.caller
        video = ToldVideo(event.task, event.key, event.video_id, caller, now - event.seconds)
        self._tell(video, event.state.status, now)

    def _deleted(self, event: events.VideoDeleted) -> None:
        self._unfinished.remove(event.task)
        caller = event.video.caller
        for delivery in self._for(caller):
            delivery.kept.deleted(ToldVideo(event.task, event.key, event.video_id, caller, 0.0))

    def _seen(self, video: RequestedVideo) -> None:
        """Another process has seen the end of a video that is polled here."""
        record, reference = video.record, video.reference
        since = float(record.completed_at or self._current().now())
        told = ToldVideo(video.task, reference.key, video.video_id, record.caller, float(reference.created))
        self._tell(told, record.ended or "", since)

    def _tell(self, video: ToldVideo, status: str, since: float) -> None:
        type = "video.completed" if status == "completed" else "video.failed"
        for delivery in self._for(video.caller):
            delivery.kept.ended(video, type, since)

    def _gave_up(self, task: str) -> None:
        for delivery in self._deliveries.values():
            delivery.kept.drop(task)

    async def _is_deleted(self, task: str, caller: str) -> bool:
        return any([await delivery.kept.is_deleted(task) for delivery in list(self._for(caller))])

    def _follow(self, video: ToldVideo) -> bool:
        if not self._unfinished.has_room(video.task):
            return False
        age = max(0.0, self._current().now() - video.made)
        self._unfinished.add(video.task, video.video_id, video.caller, age)
        return True

    def _begin_looks(self) -> None:
        if self._takes_over and self._deliveries and (self._looks is None or self._looks.done()):
            self._looks = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        while self._deliveries:
            for delivery in list(self._deliveries.values()):
                with contextlib.suppress(StoreUnavailableError):
                    if taken := await delivery.kept.look():
                        told = events.WebhookTakenOver(delivery.webhook.host, taken)
                        self._current().events.emit(told)
            await self._current().sleep(LOOK_SECONDS)

    def _event_of(self, video: ToldVideo, type: str, since: float) -> DueEvent:
        until = self._current().now() + GIVE_UP_SECONDS
        name = event_id(video.key, video.task, type)
        return DueEvent(name, type, video.task, video.video_id, since, until)

    def _keeper(self, url: str) -> Callable[[Deliver], KeepsEnds]:
        return lambda deliver: self._keep(url, deliver, self._follow, self._event_of)

    def _for(self, caller: str) -> Iterator[Delivery]:
        """Those that are told of this caller's videos."""
        return (each for each in self._deliveries.values() if each.webhook.takes(caller))


def event_id(key: str, task: str, type: str) -> str:
    """The same from every process, so that a receiver can tell one event that is sent twice."""
    return "evt_" + sha256(f"{key}\0{task}\0{type}".encode()).hexdigest()[:32]

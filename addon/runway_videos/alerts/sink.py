"""The sink that alerts operators."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from runway_videos import events
from runway_videos.alerts.receiver import Receiver
from runway_videos.alerts.sendings import Sendings
from runway_videos.alerts.texts import TEXTS
from runway_videos.config.alert_options import AlertReceiver
from runway_videos.events import Event
from runway_videos.runtime import Runtime
from runway_videos.webhooks.client import WebhookClient
from runway_videos.webhooks.sink import Connections


class AlertSink:
    """Makes alerts of events. Outlives runtimes; `current` gives the newest.

    No request waits for it: what is told is sent by tasks of its own, over connections of its own.
    """

    def __init__(
        self, current: Callable[[], Runtime], connect: Callable[[], Connections] = WebhookClient
    ) -> None:
        self._current = current
        self._connect = connect
        self._client: Connections | None = None
        self._receivers: dict[str, Receiver] = {}
        self._sendings = Sendings()

    def use(self, options: Sequence[AlertReceiver]) -> None:
        """Tells these from now on. One that stays remembers what it was told."""
        kept: dict[str, Receiver] = {}
        for option in options:
            self._client = self._client or self._connect()
            receiver = self._receivers.pop(option.url, None) or Receiver(option, self._client, self._current)
            receiver.option = option
            kept[option.url] = receiver
        for dropped in self._receivers.values():
            dropped.end("it is not configured any more")
        self._receivers = kept

    def __call__(self, event: Event) -> None:
        if not self._receivers:
            return
        if isinstance(event, events.CreateSending):
            self._sendings.add(event, self._current().now())
        elif text := TEXTS.get(type(event)):
            alert = text(event, self._sendings.moment(event.request_id, self._current().now()))
            if alert is not None:
                for receiver in self._receivers.values():
                    receiver.add(alert)

    async def hurry(self) -> None:
        """Tells all that waits, at once."""
        await asyncio.gather(*(each.hurry() for each in self._receivers.values()))

    def end(self) -> None:
        """Tells nothing more."""
        for receiver in self._receivers.values():
            receiver.end("the process ends")
        self._receivers = {}

    async def close(self) -> None:
        """Closes connections."""
        self.end()
        if self._client is not None:
            await self._client.close()

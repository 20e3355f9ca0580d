"""The sink that alerts operators."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from runway_videos import events
from runway_videos.alerts.receiver import Receiver
from runway_videos.alerts.repeats import STORM_REPEATS, STORM_SECONDS, Repeats
from runway_videos.alerts.texts import TEXTS, Alert, repeat_storm
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
        self._repeats = Repeats()

    def use(self, options: Sequence[AlertReceiver]) -> None:
        """Tells these from now on. One that stays remembers what it was told."""
        kept: dict[str, Receiver] = {}
        for option in options:
            self._client = self._client or self._connect()
            receiver = self._receivers.pop(option.url, None) or Receiver(option, self._client, self._current)
            receiver.option = option
            kept[option.url] = receiver
        for dropped in self._receivers.values():
            dropped.end()
        self._receivers = kept

    def __call__(self, event: Event) -> None:
        if self._receivers and (alert := self._alert_of(event)) is not None:
            for receiver in self._receivers.values():
                receiver.add(alert)

    def _alert_of(self, event: Event) -> Alert | None:
        if isinstance(event, events.RetryJoined):
            is_storm = self._repeats.add(event.caller, self._current().now())
            return repeat_storm(event.caller, STORM_REPEATS, STORM_SECONDS) if is_storm else None
        text = TEXTS.get(type(event))
        return None if text is None else text(event)

    async def flush(self, seconds: float) -> None:
        """The process ends: all that waits is told, within the time."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(each.hurry() for each in self._receivers.values()))
        except TimeoutError:
            pass
        finally:
            self.end()

    def end(self) -> None:
        """Tells nothing more."""
        for receiver in self._receivers.values():
            receiver.end()
        self._receivers = {}

    async def close(self) -> None:
        """Closes connections."""
        self.end()
        if self._client is not None:
            await self._client.close()

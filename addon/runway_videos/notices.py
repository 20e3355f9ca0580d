"""What this program tells others by itself: webhooks of ends, operators of what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from runway_videos.alerts.sink import AlertSink
from runway_videos.config.settings import Settings
from runway_videos.events import Sink
from runway_videos.runtime import Runtime
from runway_videos.upstream.poll import Poller
from runway_videos.webhooks.kept_ends import Keep, in_memory
from runway_videos.webhooks.signing import Signer
from runway_videos.webhooks.sink import Connections, WebhookSink


class Notices:
    """Webhooks and alerts, each with connections that `connect` makes when the first is configured.

    `keep` makes what keeps the ends for a webhook.
    """

    def __init__(
        self,
        poller: Poller,
        current: Callable[[], Runtime],
        connect: Callable[[], Connections],
        keep: Keep = in_memory,
    ) -> None:
        self.webhooks = WebhookSink(poller, current, connect, keep)
        self._alerts = AlertSink(current, connect)

    @property
    def sinks(self) -> tuple[Sink, ...]:
        return self.webhooks, self._alerts

    def use(self, settings: Settings, signers: Sequence[Signer]) -> None:
        """Tells those of these settings from now on; a signer for each webhook."""
        self.webhooks.use(settings.webhooks, signers)
        self._alerts.use(settings.alerts)

    async def flush(self, seconds: float) -> None:
        """Tells what has not been told, within the time; nothing is sent after it."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(self.webhooks.hurry(), self._alerts.hurry())
        except TimeoutError:
            pass
        finally:
            self.webhooks.end()
            self._alerts.end()

    async def close(self) -> None:
        """Closes connections."""
        await asyncio.gather(self.webhooks.close(), self._alerts.close())

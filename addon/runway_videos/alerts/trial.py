"""A message by which operators see whether their alerts arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from runway_videos.alerts.message import message
from runway_videos.alerts.receiver import HEADERS
from runway_videos.alerts.texts import Alert
from runway_videos.config.alert_options import AlertReceiver
from runway_videos.webhooks.delivery import Sends

TEXT = "A trial of the Runway video proxy: alerts arrive here"


async def tell(receivers: Iterable[AlertReceiver], client: Sends) -> AsyncIterator[tuple[str, str]]:
    """Sends each receiver one message, once. Gives its host and what is wrong, "" where it was taken."""
    for receiver in receivers:
        alert = Alert("trial", "", TEXT, (("events", ", ".join(receiver.kinds)),))
        yield receiver.host, await client.send(receiver.url, HEADERS, message([alert]))

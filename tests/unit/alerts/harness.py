"""A service with a receiver of alerts, under a clock that moves only when the test says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from runway_videos.events import Event
from unit.webhooks.harness import WebhookHarness

URL = "https://hooks.slack.example/services/hush"


class AlertHarness(WebhookHarness):
    """`receiver` gets what is sent."""

    def __init__(self, environ: Mapping[str, str] | None = None, /, **options: Any) -> None:
        alert = {"url": URL, **options.pop("alert", {})}
        super().__init__(environ, **{"webhooks": [], "alerts": [alert], **options})

    async def tell(self, *events: Event) -> None:
        """These happen, and what can be sent is."""
        for event in events:
            self.service.runtime.events.emit(event)
        await self.pass_time(0)

    @property
    def texts(self) -> list[str]:
        """Of the messages, in their order."""
        return [json.loads(sent.body)["text"] for sent in self.receiver.sent]

"""A service with a receiver of alerts, under a clock that moves only when the test says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from runway_videos import events
from runway_videos.events import Event, VideoFacts
from runway_videos.keys.cooldowns import KeyReport
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


VIDEO = VideoFacts("sora-2", "4", "720x1280", "app", "seedance2", "text_to_video")
LOST = events.OutcomeUnknown(VIDEO, "team-a", "no answer")


def refused(key: str = "team-a") -> events.KeyPassedOver:
    return events.KeyPassedOver(key, "gen4.5", "Not authorized.", KeyReport.UNAUTHORIZED)


type Story = Callable[[AlertHarness], Coroutine[Any, Any, None]]


def played(story: Story, **options: Any) -> AlertHarness:
    async def play() -> AlertHarness:
        harness = AlertHarness(**options)
        await story(harness)
        await harness.service.close()
        return harness

    return asyncio.run(play())


def budget(number: int) -> events.BudgetReached:
    return events.BudgetReached(f"app-{number}", 80, f"budget {number}")

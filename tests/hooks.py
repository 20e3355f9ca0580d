"""A webhook for tests: what it takes is checked and read by the stock client, as applications do."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from typing import Any

import openai

from asking import until
from origins import Asked, Exchange, Origin

SECRET = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
#: As good as a password: it is in no log.
PATH = "/takes-what-ends"


class Hook:
    """A server that takes what webhooks send, or answers as `statuses` say."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.origin = Origin()
        self.origin.routes[PATH] = self._take

    def _take(self, exchange: Exchange) -> None:
        status = self.statuses.pop(0) if self.statuses else 200
        exchange.reply(status, b"", location=f"{self.origin.url}/elsewhere")

    @property
    def url(self) -> str:
        return f"{self.origin.url}{PATH}"

    def received(self, video_id: str, count: int = 1) -> list[Asked]:
        """What came about a video, when so much has come."""

        def found() -> list[Asked] | None:
            every = [asked for asked in self.origin.requests if video_id.encode() in asked.body]
            return every if len(every) >= count else None

        return until(found, f"{count} events about {video_id}")


def event_of(asked: Asked) -> dict[str, Any]:
    """The event, which the client of an application takes."""
    app = openai.OpenAI(api_key="x", webhook_secret=SECRET)
    event = app.webhooks.unwrap(asked.body, asked.headers)
    found: dict[str, Any] = json.loads(asked.body)
    assert event.id == found["id"] == asked.headers["webhook-id"]
    return found

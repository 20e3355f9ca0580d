"""The real `openai` client as one wish's: its own retries, only its waits between them are short."""

from __future__ import annotations

import time
from typing import Any

import httpx
import openai

from chaos.limits import SECONDS
from chaos.plan import Wish
from chaos.records import Attempt, Story

#: In the place of 0.5 to 8 s.
RETRY_SECONDS = 0.05


class _Stock(openai.AsyncOpenAI):
    def _calculate_retry_timeout(self, *args: Any, **kwargs: Any) -> float:
        return RETRY_SECONDS


async def create(wish: Wish, story: Story, port: int, token: str) -> None:
    """One create; what was tried and what came of it is put into the story."""

    async def note(request: httpx.Request) -> None:
        count = int(request.headers["x-stainless-retry-count"])
        story.attempts.append(Attempt(count, time.monotonic(), 0.0, "sent"))

    # Its time-out is where a client of this kind would hang up; else it waits.
    after = max(wish.hangs[0].after, 0.05)
    timeout = openai.Timeout(60, read=after) if wish.hangs[0].leaves else openai.Timeout(60)
    hooks: Any = {"request": [note]}
    http = openai.DefaultAsyncHttpxClient(trust_env=False, event_hooks=hooks)
    base = f"http://127.0.0.1:{port}/v1"
    async with _Stock(base_url=base, api_key=token, http_client=http, timeout=timeout) as user:
        headers = {"Idempotency-Key": wish.idempotency_key} if wish.idempotency_key else {}
        try:
            fields: Any = {"model": f"runway/{wish.group}", "seconds": str(SECONDS)}
            video = await user.videos.create(prompt=wish.prompt, extra_headers=headers, **fields)
        except openai.APIStatusError as error:
            story.told = f"{error.status_code} {error.code}"
        except openai.APIConnectionError:
            story.told = "no answer"
        else:
            story.video, story.told = video.id, "video"
    for attempt in story.attempts:
        attempt.ended = attempt.ended or time.monotonic()

"""A clock that a test sets, and a sandbox in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import httpx

from runway_videos.sandbox import Sandbox

HEADERS = {"Authorization": "Bearer sandbox", "X-Runway-Version": "2024-11-06"}
TEXT = {"model": "gen4.5", "promptText": "a fox", "ratio": "1280:720", "duration": 4}


class Clock:
    """Unix seconds; a test sets `now`."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Running:
    """A sandbox that listens. `api` sends key and version, `plain` neither."""

    def __init__(self, clock: Clock, **options: Any) -> None:
        self.clock = clock
        self.sandbox = Sandbox(clock=clock, **options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        url = asyncio.run_coroutine_threadsafe(self.sandbox.start(), self._loop).result(10)
        self.plain = httpx.Client(base_url=url, trust_env=False)
        self.api = httpx.Client(base_url=url, headers=HEADERS, trust_env=False)

    def close(self) -> None:
        self.plain.close()
        self.api.close()
        asyncio.run_coroutine_threadsafe(self.sandbox.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def create(self, mode: str = "text_to_video", **fields: Any) -> httpx.Response:
        return self.api.post(f"/v1/{mode}", json={**TEXT, **fields})

    def task(self, **fields: Any) -> str:
        """The id of a new task."""
        response = self.create(**fields)
        assert response.status_code == 200, response.text
        task: str = response.json()["id"]
        return task

    def status(self, task: str) -> dict[str, Any]:
        response = self.api.get(f"/v1/tasks/{task}")
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def output(self, **fields: Any) -> str:
        """The URL of a finished task's video."""
        task = self.task(**fields)
        self.clock.now += 60
        url: str = self.status(task)["output"][0]
        return url


Start = Callable[..., Running]

"""A Maker on a clock of its own, in front of an API that answers what a test has written down."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Any

from runway_videos.keys.pool import Key, KeyPool
from runway_videos.media import Media
from runway_videos.translate import TaskCall
from runway_videos.upstream.client import Reply, RunwayClient
from runway_videos.upstream.submit import SubmittedTask, Submitter

MODEL = "gen4.5"
MADE = Reply(200, b'{"id": "task-1", "estimatedCost": {"credits": 25}}')
STORED = Reply(204)
#: Too large for a data URI: it has to be uploaded.
PICTURE = Media("image", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(5 << 20), "picture.png")


def refusal(status: int, text: str, **more: object) -> Reply:
    """An error in Runway's shape."""
    return Reply(status, json.dumps({"error": text, **more}).encode())


class Scripted(RunwayClient):
    """Answers in the order of a script; without one, all is well. Keeps what was asked, and by whom."""

    def __init__(self) -> None:
        self.script: dict[str, deque[Reply | Exception]] = {
            name: deque() for name in ("create", "slot", "store")
        }
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []

    def times(self, name: str) -> int:
        """How often this was asked."""
        return sum(each == name for each, _ in self.asked)

    async def create(self, key: Key, path: str, body: bytes) -> Reply:
        self.bodies.append(json.loads(body))
        return self._next("create", key.name) or MADE

    async def open_upload(self, key: Key, filename: str) -> Reply:
        place = {"uploadUrl": "https://store/x", "fields": {}, "runwayUri": f"runway://of-{key.name}"}
        return self._next("slot", key.name) or Reply(200, json.dumps(place).encode())

    async def put_file(self, url: str, fields: object, filename: str, mime: str, data: object) -> Reply:
        return self._next("store", url) or STORED

    def _next(self, name: str, who: str) -> Reply | None:
        self.asked.append((name, who))
        found = self.script[name].popleft() if self.script[name] else None
        if isinstance(found, Exception):
            raise found
        return found


class Box:
    """Keys a, b, … in turn; time passes only while something waits."""

    def __init__(self, keys: int = 1, jitter: float = 0.0) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self.client = Scripted()
        self.pool = KeyPool([Key(name, f"value-{name}") for name in "abcd"[:keys]], lambda: self.now)
        self.jitter = jitter
        self.maker = Submitter(self.pool, self.client, lambda: self.now, self._sleep, lambda: self.jitter)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def plan(self, name: str, *answers: Reply | Exception) -> Box:
        """What comes of the next calls."""
        self.client.script[name].extend(answers)
        return self

    def submit(self, *, picture: bool = False) -> SubmittedTask:
        """One create."""
        body: dict[str, object] = {"promptText": "a cat"}
        if picture:
            body["promptImage"] = PICTURE
        call = TaskCall("text_to_video", MODEL, body)
        return asyncio.run(self.maker.submit(call, "a cat for the test"))

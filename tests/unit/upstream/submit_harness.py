"""A Submitter on a clock of its own, before a Runway that answers by a script."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from runway_videos.catalog import price_list
from runway_videos.errors import ApiError
from runway_videos.events import CreateNotMade, Event, Events, VideoFacts
from runway_videos.keys.balances import Balances
from runway_videos.keys.pool import Key, KeyPool
from runway_videos.log_sink import LogSink
from runway_videos.media import Media
from runway_videos.prices import Prices
from runway_videos.runtime import CachedStatus, Runtime, size_of
from runway_videos.store.shared_videos import NoSharedVideos
from runway_videos.store.video_ids import IdSealer
from runway_videos.store.video_records import VideoRecords
from runway_videos.translate import TaskCall
from runway_videos.upstream.client import Reply, RunwayClient
from runway_videos.upstream.submit import SubmittedTask, Submitter
from runway_videos.upstream.timeouts import Timeouts
from runway_videos.upstream.uploads import MAX_UPLOADS
from unit.config.option_values import settings_from

MODEL = "gen4.5"
VIDEO = VideoFacts("for the test", "4", "720x1280", "", MODEL, "text_to_video")
NOT_MADE = CreateNotMade(VIDEO, "a")
MADE = Reply(200, b'{"id": "task-1", "estimatedCost": {"credits": 25}}')
STORED = Reply(204)
GOOD_KEY = Reply(200, b'{"creditBalance": 1000}')
#: Too large for a data URI: it has to be uploaded.
PICTURE = Media("image", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(5 << 20), "picture.png")


def refusal(status: int, text: str, **more: object) -> Reply:
    """An error in Runway's shape."""
    return Reply(status, json.dumps({"error": text, **more}).encode())


class Scripted(RunwayClient):
    """Answers in the order of a script; without one, all is well. Keeps what was asked, and by whom."""

    def __init__(self) -> None:
        self.script: dict[str, deque[Reply | Exception]] = {
            name: deque() for name in ("create", "slot", "store", "check")
        }
        #: What answers where the script is at its end.
        self.answers: dict[str, Callable[[], Reply]] = {}
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []

    @property
    def sent(self) -> list[tuple[str, str]]:
        """What was asked for, but for checks of keys."""
        return [each for each in self.asked if each[0] != "check"]

    def times(self, name: str) -> int:
        """How often this was asked."""
        return sum(each == name for each, _ in self.asked)

    async def create(self, key: Key, path: str, body: bytes) -> Reply:
        self.bodies.append(json.loads(body))
        return self._next("create", key.name) or MADE

    async def get_organization(self, key: Key) -> Reply:
        return self._next("check", key.name) or GOOD_KEY

    async def open_upload(self, key: Key, filename: str) -> Reply:
        place = {"uploadUrl": "https://store/x", "fields": {}, "runwayUri": f"runway://of-{key.name}"}
        return self._next("slot", key.name) or Reply(200, json.dumps(place).encode())

    async def put_file(self, url: str, fields: object, filename: str, mime: str, data: object) -> Reply:
        return self._next("store", url) or STORED

    def _next(self, name: str, who: str) -> Reply | None:
        self.asked.append((name, who))
        answer = self.answers.get(name)
        found = self.script[name].popleft() if self.script[name] else answer() if answer else None
        if isinstance(found, Exception):
            raise found
        return found


class SubmitHarness:
    """Keys a, b, … in turn; time passes only while something waits."""

    def __init__(
        self,
        keys: int = 1,
        jitter: Callable[[], float] = lambda: 0.0,
        weights: Sequence[float] = (1, 1, 1, 1),
        timeouts: Timeouts | None = None,
        client: Scripted | None = None,
    ) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self.sendings: list[int] = []  # how many creates had been sent before each
        self.must_not_send: ApiError | None = None
        self.events: list[Event] = []
        self.client = client or Scripted()
        named = zip("abcd"[:keys], weights, strict=False)
        self.pool = KeyPool(
            [Key(name, f"value-{name}", weight=weight) for name, weight in named], lambda: self.now
        )
        self.balances = Balances(lambda: self.now)
        sinks = Events([LogSink(sandbox=False), self.events.append])
        videos: VideoRecords[CachedStatus] = VideoRecords(lambda: self.now, size_of)
        runtime = Runtime(
            settings_from(),
            self.pool,
            IdSealer({}),
            self.client,
            videos,
            sinks,
            Prices(price_list.load(), sinks.emit),
            NoSharedVideos(videos),
            self.balances,
            clock=lambda: self.now,
            sleep=self._sleep,
            jitter=jitter,
            timeouts=timeouts or Timeouts(),
        )
        self.submitter = Submitter(runtime, asyncio.Semaphore(MAX_UPLOADS))

    async def sending(self) -> None:
        """Comes before a create is sent."""
        self.sendings.append(self.client.times("create"))
        if self.must_not_send is not None:
            raise self.must_not_send

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def plan(self, name: str, *answers: Reply | Exception) -> SubmitHarness:
        """What comes of the next calls."""
        self.client.script[name].extend(answers)
        return self

    def submit(self, *, picture: bool = False, prompt: str = "a cat") -> SubmittedTask:
        """One create."""
        return asyncio.run(self.submitting(picture=picture, prompt=prompt))

    async def submitting(self, *, picture: bool = False, prompt: str = "a cat") -> SubmittedTask:
        """The same, in a loop that runs."""
        body: dict[str, object] = {"promptText": prompt}
        if picture:
            body["promptImage"] = PICTURE
        call = TaskCall("text_to_video", MODEL, body)
        return await self.submitter.submit(call, VIDEO, self.sending)

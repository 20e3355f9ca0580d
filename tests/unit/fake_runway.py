"""A RunwayClient that makes tasks in memory, and a service that uses it."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from runway_videos.config.store_option import StoreOption
from runway_videos.keys.pool import Key
from runway_videos.openai import routes
from runway_videos.openai.messages import Answer, Call, Download, PassThrough
from runway_videos.previews.maker import PictureMaker
from runway_videos.sandbox.organisations import price
from runway_videos.service import Service
from runway_videos.store.open_state import open_state
from runway_videos.store.shared_state import SharedState
from runway_videos.upstream.client import FILE_PART, Reply, RunwayClient, UnknownOutcomeError
from runway_videos.upstream.timeouts import Timeouts
from runway_videos.webhooks.client import WebhookClient
from runway_videos.webhooks.sink import Connections
from unit.config.option_values import settings_from

KEYS = {"A": "key_aaaa", "B": "key_bbbb"}
type Scripted = Reply | Exception | Callable[[], Reply | Exception]

PROMPT = b'{"prompt": "a cat"}'


class FakeRunway(RunwayClient):
    """Makes tasks in memory. `next` holds what the next calls of a method answer or raise instead;
    a function there is called for it."""

    def __init__(
        self, base_url: str = "", proxy: str | None = None, timeouts: Timeouts | None = None
    ) -> None:
        self.base_url = base_url
        self.tasks: dict[str, dict[str, Any]] = {}
        self.made_with: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []  # method's name, what for
        self.bodies: list[dict[str, Any]] = []
        self.next: dict[str, deque[Scripted]] = defaultdict(deque)
        self.answers_polls = asyncio.Event()
        self.answers_polls.set()
        self.file = b""
        self.closed = False

    def made(self, state: Mapping[str, object], key: str = "a") -> str:
        """A task in this state."""
        task = str(UUID(int=len(self.tasks) + 1))
        self.tasks[task] = {"id": task, "createdAt": "2026-10-01T00:00:00Z", **state}
        self.made_with[task] = key
        return task

    def times(self, name: str) -> int:
        return sum(each == name for each, _ in self.asked)

    async def create(self, key: Key, path: str, body: bytes) -> Reply:
        asked = json.loads(body)
        self.bodies.append(asked)
        return self._scripted("create", path) or ok(
            {"id": self.made({"status": "PENDING"}, key.name), "estimatedCost": {"credits": price(asked)}}
        )

    async def get_task(self, key: Key, task: str) -> Reply:
        found = self._scripted("get", task)
        await self.answers_polls.wait()
        return found or (ok(self.tasks[task]) if self._has(key, task) else missing())

    async def delete_task(self, key: Key, task: str) -> Reply:
        if found := self._scripted("delete", task):
            return found
        if not self._has(key, task):
            return missing()
        del self.tasks[task]
        return Reply(204)

    async def get_organization(self, key: Key) -> Reply:
        return self._scripted("organization", key.name) or ok({"creditBalance": 1000})

    async def probe(self, url: str) -> int:
        found = self._scripted("probe", url)
        return found.status if found else 206

    async def read_file(self, url: str, write: Callable[[bytes], Awaitable[None]]) -> None:
        found = self._scripted("file", url)
        if found and found.status != 200:
            raise UnknownOutcomeError(f"HTTP {found.status}")
        for start in range(0, len(self.file), FILE_PART):
            await write(self.file[start : start + FILE_PART])

    async def close(self) -> None:
        self.closed = True

    def _has(self, key: Key, task: str) -> bool:
        return task in self.tasks and self.made_with[task] == key.name

    def _scripted(self, name: str, what: str) -> Reply | None:
        self.asked.append((name, what))
        if not self.next[name]:
            return None
        found = self.next[name].popleft()
        if callable(found):
            found = found()
        if isinstance(found, Exception):
            raise found
        return found


def ok(body: object) -> Reply:
    return Reply(200, json.dumps(body).encode())


def missing() -> Reply:
    return Reply(404, b'{"error":"Could not find Task"}')


class ServiceHarness:
    """A service with a Runway in memory, a clock that moves when a test says so, and waits that take
    no time and move the clock."""

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        /,
        timeouts: Timeouts | None = None,
        pictures: PictureMaker | None = None,
        **options: object,
    ) -> None:
        self.now = 1000.0
        self.runways: list[FakeRunway] = []  # the last is the one that is asked
        given = {"keys": [{"name": "a", "value": "env.A"}]} | options
        self.settings = settings_from({**KEYS, **(environ or {})}, **given)
        self.service = Service(
            self.settings,
            connect=self._connect,
            clock=lambda: self.now,
            now=self.unix_time,
            sleep=self._sleep,
            timeouts=timeouts,
            pictures=pictures,
            connect_webhooks=self._connect_webhooks,
            open_store=self._open_store,
        )

    def _connect(self, base_url: str, proxy: str | None, timeouts: Timeouts) -> FakeRunway:
        self.runways.append(FakeRunway(base_url, proxy))
        return self.runways[-1]

    def _connect_webhooks(self) -> Connections:
        return WebhookClient()

    def _open_store(self, option: StoreOption) -> SharedState | None:
        return open_state(option)

    def unix_time(self) -> float:
        return 1_790_000_000 + self.now

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def runway(self) -> FakeRunway:
        return self.runways[-1]

    async def ask(
        self,
        method: str,
        path: str = "",
        body: bytes = b"",
        caller: str = "",
        gone: Callable[[], bool] = lambda: False,
        headers: Mapping[str, str] | None = None,
    ) -> Answer | Download | PassThrough:
        """A call below `/v1/videos`."""
        route = routes.find(method, f"/v1/videos{path}")
        assert route is not None
        query = dict(parse_qsl(path.partition("?")[2], keep_blank_values=True))
        return await self.service.handle(Call(route, query, headers or {}, body, caller, gone, method))

    async def video(self, method: str, path: str = "", body: bytes = b"", **more: Any) -> dict[str, Any]:
        """The JSON of an answer that is a 200."""
        answer = await self.ask(method, path, body, **more)
        assert isinstance(answer, Answer)
        assert answer.status == 200
        found: dict[str, Any] = msgspec.json.decode(answer.body)
        return found

    async def create(self, body: bytes = PROMPT, **more: Any) -> str:
        """A new video's id."""
        video_id: str = (await self.video("POST", "", body, **more))["id"]
        return video_id

    def set(self, **state: object) -> None:
        """What every task says from now on."""
        for task in self.runway.tasks.values():
            task.update(state)

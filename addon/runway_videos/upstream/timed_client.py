"""A client to Runway that tells how long each call took, and what was answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from runway_videos.events import RunwayAnswered, Sink
from runway_videos.keys.pool import Key
from runway_videos.upstream.client import Reply, RunwayClient


class TimedClient(RunwayClient):
    """Another client; `emit` gets RunwayAnswered after each call. `clock` gives seconds."""

    def __init__(self, client: RunwayClient, emit: Sink, clock: Callable[[], float]) -> None:
        self._client = client
        self._emit = emit
        self._clock = clock

    async def create(self, key: Key, path: str, body: bytes) -> Reply:
        return await self._timed("create", self._client.create(key, path, body))

    async def get_task(self, key: Key, task: str) -> Reply:
        return await self._timed("get_task", self._client.get_task(key, task))

    async def delete_task(self, key: Key, task: str) -> Reply:
        return await self._timed("delete_task", self._client.delete_task(key, task))

    async def get_organization(self, key: Key) -> Reply:
        return await self._timed("get_organization", self._client.get_organization(key))

    async def get_usage(self, key: Key, start: str, before: str) -> Reply:
        return await self._timed("get_usage", self._client.get_usage(key, start, before))

    async def open_upload(self, key: Key, filename: str) -> Reply:
        return await self._timed("open_upload", self._client.open_upload(key, filename))

    async def put_file(
        self, url: str, fields: Mapping[str, str], filename: str, mime: str, data: bytes | memoryview
    ) -> Reply:
        return await self._timed("put_file", self._client.put_file(url, fields, filename, mime, data))

    async def probe(self, url: str) -> int:
        return await self._client.probe(url)

    async def read_file(self, url: str, write: Callable[[bytes], Awaitable[None]]) -> None:
        await self._client.read_file(url, write)

    async def close(self) -> None:
        await self._client.close()

    async def _timed(self, call: str, answer: Awaitable[Reply]) -> Reply:
        begun, status = self._clock(), 0
        try:
            reply = await answer
            status = reply.status
            return reply
        finally:
            self._emit(RunwayAnswered(call, self._clock() - begun, status))

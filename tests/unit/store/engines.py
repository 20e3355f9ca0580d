"""Every engine of a shared state, each with a fresh store, for the tests that all of them have to pass."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from redis_server import RedisServer, needs_redis
from runway_videos.store.redis_state import RedisState
from runway_videos.store.shared_state import SharedState
from runway_videos.store.sqlite_state import SqliteState

ENGINES = ("sqlite", pytest.param("redis", marks=needs_redis))


class Engine:
    """Opens states of one store, as several processes do."""

    def __init__(self, name: str, folder: Path, redis: RedisServer | None) -> None:
        self.name = name
        self.folder = folder
        self.redis = redis

    def open(self) -> SharedState:
        """One process's state."""
        return RedisState(self.redis.url) if self.redis else SqliteState(self.folder / "store.db")

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[SharedState]:
        """The same, closed at the end."""
        state = self.open()
        try:
            yield state
        finally:
            await state.close()


@contextlib.contextmanager
def engine(name: str) -> Iterator[Engine]:
    """An engine with an empty store."""
    # A killed Redis may have a child that still writes.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as text, contextlib.ExitStack() as stack:
        folder = Path(text)
        redis = stack.enter_context(RedisServer(folder)) if name == "redis" else None
        yield Engine(name, folder, redis)

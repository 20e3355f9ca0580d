"""The store that a history's replicas share, and what is done to it."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from chaos.fates import Blow
from chaos.relay import Relay
from redis_server import RedisServer

#: By name, as `--store` takes them.
NAMES = ("memory", "sqlite", "redis")
#: How long the store is killed, stands still, is cut off, is deaf or late.
_KILLED_SECONDS, _AWAY_SECONDS, _LATE_SECONDS = 0.3, 1.2, 2.0
#: A write waits 2 s for another process's.
_LOCKED_SECONDS = 2.6


class Store:
    """What has none: memory. `option` is `runway_store` for a replica."""

    def option(self, number: int) -> str:
        return "memory"

    async def start(self) -> None:
        """Before any replica."""

    async def strike(self, blow: Blow, number: int) -> None:
        """Until it is over. `number` is the replica whose way to the store is broken."""

    async def stop(self) -> None:
        """After all of them."""


class SqliteStore(Store):
    """One file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "store.db"

    def option(self, number: int) -> str:
        return f"sqlite:{self._path}"

    async def strike(self, blow: Blow, number: int) -> None:
        """Somebody else locks the file, whatever is to be done."""
        try:
            database = sqlite3.connect(self._path, timeout=0.0, isolation_level=None)
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.Error:
            return  # it is locked already
        await asyncio.sleep(_LOCKED_SECONDS)
        database.execute("ROLLBACK")
        database.close()


class RedisStore(Store):
    """A real server with `appendonly`, and a relay before it for each replica."""

    def __init__(self, folder: Path, replicas: int) -> None:
        place = folder / "redis"
        place.mkdir()
        self._server = RedisServer(place)
        self._relays = [Relay(self._server.port) for _ in range(replicas)]
        self._busy = False

    def option(self, number: int) -> str:
        return f"redis://127.0.0.1:{self._relays[number].port}/0"

    async def start(self) -> None:
        await asyncio.to_thread(self._server.start)
        for relay in self._relays:
            await relay.start()

    async def strike(self, blow: Blow, number: int) -> None:
        relay = self._relays[number]
        match blow:
            case Blow.STORE_CUT:
                await relay.cut(_AWAY_SECONDS)
            case Blow.STORE_DEAF:
                await relay.deafen(_AWAY_SECONDS)
            case Blow.STORE_LATE:
                await relay.delay(_LATE_SECONDS)
            case _ if not self._busy:
                self._busy = True
                await (self._restart() if blow is Blow.STORE_RESTART else self._pause())
                self._busy = False

    async def stop(self) -> None:
        for relay in self._relays:
            await relay.stop()
        self._server.kill()

    async def _restart(self) -> None:
        await asyncio.to_thread(self._server.kill)
        await asyncio.sleep(_KILLED_SECONDS)
        await asyncio.to_thread(self._server.start)

    async def _pause(self) -> None:
        self._server.pause()
        try:
            await asyncio.sleep(_AWAY_SECONDS)
        finally:
            self._server.go_on()


def open_store(name: str, folder: Path, replicas: int) -> Store:
    """One of `NAMES`; not started yet."""
    if name == "sqlite":
        return SqliteStore(folder)
    return RedisStore(folder, replicas) if name == "redis" else Store()

"""Shared state in an SQLite file: for the processes of one machine. Outlives restarts and `kill -9`.

All its work is done by one thread, off the event loop. A value is on disk before a write returns
(WAL with synchronous=FULL). A file that is deleted or replaced while it is open is opened anew: else its
processes would go on with one that no process finds which is started later.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runway_videos.store.shared_state import StoreUnavailableError, Swapped

#: How long a write waits for another process's, in seconds.
BUSY_SECONDS = 2.0
#: How long anything may take, with all that waits before it, in seconds. A disk may hang for ever.
ANSWER_SECONDS = 5.0
#: How long opening waits for another process that makes the file, in seconds.
OPEN_SECONDS = 10.0
_OPEN_AGAIN_SECONDS = 0.05
#: How often values whose time is over are deleted, in seconds.
SWEEP_SECONDS = 60.0

_TABLES = """
CREATE TABLE IF NOT EXISTS shared_v1 (key TEXT PRIMARY KEY, value BLOB NOT NULL, until REAL NOT NULL)
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS shared_v1_until ON shared_v1 (until);
CREATE TABLE IF NOT EXISTS shared_items_v1 (key TEXT NOT NULL, item BLOB NOT NULL, until REAL NOT NULL,
    PRIMARY KEY (key, item)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS shared_items_v1_until ON shared_items_v1 (until);
"""
# By whether the order is descending, and whether items begin behind one.
_ITEMS_FROM = "SELECT item FROM shared_items_v1 WHERE key = ? AND until > ?"
_ITEMS = {
    (False, False): f"{_ITEMS_FROM} ORDER BY item LIMIT ?",
    (False, True): f"{_ITEMS_FROM} AND item > ? ORDER BY item LIMIT ?",
    (True, False): f"{_ITEMS_FROM} ORDER BY item DESC LIMIT ?",
    (True, True): f"{_ITEMS_FROM} AND item < ? ORDER BY item DESC LIMIT ?",
}


class SqliteState:
    """A SharedState in the file `path`, created if there is none. `now` gives unix seconds;
    `busy_seconds` is how long a write waits for another process's, `answer_seconds` how long anything may
    take.

    Raises StoreUnavailableError where the file cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        now: Callable[[], float] = time.time,
        busy_seconds: float = BUSY_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._path, self._busy_seconds = path, busy_seconds
        self._is_open = True
        self._now = now
        self._answer_seconds = answer_seconds
        self._swept_at = now()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="runway_store")
        try:
            self._database, self._file = self._thread.submit(_open, path, busy_seconds).result()
        except (sqlite3.Error, OSError) as error:
            self._thread.shutdown()
            raise StoreUnavailableError(f"{path}: {error}") from error

    async def time(self) -> float:
        return self._now()

    async def get(self, key: str) -> bytes | None:
        return await self._run(lambda: self._get(key))

    async def swap(self, key: str, expected: bytes | None, value: bytes | None, seconds: float) -> Swapped:
        def swap() -> Swapped:
            current = self._get(key)
            if current != expected:
                return Swapped(False, current)
            self._set(key, value, seconds)
            return Swapped(True, value)

        return await self._run(lambda: self._transact(swap))

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self._run(lambda: self._transact(lambda: self._set(key, value, seconds)))

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        return await self._run(lambda: [self._get(key) for key in keys])

    async def add(self, key: str, item: bytes, seconds: float, oldest: bytes) -> None:
        def add() -> None:
            self._database.execute("DELETE FROM shared_items_v1 WHERE key = ? AND item < ?", (key, oldest))
            self._database.execute(
                "INSERT OR REPLACE INTO shared_items_v1 VALUES (?, ?, ?)", (key, item, self._now() + seconds)
            )

        await self._run(lambda: self._transact(add))

    async def remove(self, key: str, item: bytes) -> None:
        query = "DELETE FROM shared_items_v1 WHERE key = ? AND item = ?"
        await self._run(lambda: self._transact(lambda: self._database.execute(query, (key, item))))

    async def items(
        self, key: str, limit: int, *, after: bytes | None = None, descending: bool = False
    ) -> list[bytes]:
        query = _ITEMS[descending, after is not None]
        values = (key, self._now(), *(() if after is None else (after,)), limit)
        return await self._run(lambda: [row[0] for row in self._database.execute(query, values)])

    async def warnings(self) -> list[str]:
        return []

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._database.close)
        self._thread.shutdown(wait=False)

    async def _run[T](self, work: Callable[[], T]) -> T:
        def with_the_file() -> T:
            self._open_if_another()
            return work()

        done = asyncio.get_running_loop().run_in_executor(self._thread, with_the_file)
        try:
            async with asyncio.timeout(self._answer_seconds):
                # Shielded: a write that has begun is not left half way by a client that hangs up.
                return await asyncio.shield(done)
        except TimeoutError as error:
            done.cancel()  # if it has not begun, it never does
            raise StoreUnavailableError("no answer in time") from error
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailableError(str(error)) from error

    def _open_if_another(self) -> None:
        if self._is_open and _file_at(self._path) == self._file:
            return
        self._database.close()
        self._is_open = False
        self._database, self._file = _open(self._path, self._busy_seconds)
        self._is_open = True

    def _transact[T](self, work: Callable[[], T]) -> T:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            done = work()
            self._sweep()
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        return done

    def _get(self, key: str) -> bytes | None:
        row = self._database.execute(
            "SELECT value FROM shared_v1 WHERE key = ? AND until > ?", (key, self._now())
        ).fetchone()
        return row[0] if row else None

    def _set(self, key: str, value: bytes | None, seconds: float) -> None:
        if value is None:
            self._database.execute("DELETE FROM shared_v1 WHERE key = ?", (key,))
        else:
            self._database.execute(
                "INSERT OR REPLACE INTO shared_v1 VALUES (?, ?, ?)", (key, value, self._now() + seconds)
            )

    def _sweep(self) -> None:
        now = self._now()
        if now - self._swept_at >= SWEEP_SECONDS:
            self._swept_at = now
            self._database.execute("DELETE FROM shared_v1 WHERE until <= ?", (now,))
            self._database.execute("DELETE FROM shared_items_v1 WHERE until <= ?", (now,))


type _File = tuple[int, int] | None  # its device and number there; None: there is none


def _file_at(path: Path) -> _File:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _open(path: Path, busy_seconds: float) -> tuple[sqlite3.Connection, _File]:
    # Who may read the file may read prompts: only its owner.
    path.touch(mode=0o600, exist_ok=True)
    until = time.monotonic() + OPEN_SECONDS
    while True:
        file = _file_at(path)
        database = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.executescript(_TABLES)
            return database, file
        except sqlite3.Error as error:
            database.close()
            # Where processes make the file at the same time, SQLite does not wait for the other one.
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(_OPEN_AGAIN_SECONDS)

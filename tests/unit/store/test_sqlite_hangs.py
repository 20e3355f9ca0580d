"""An SQLite file whose disk hangs, or that somebody else holds."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from runway_videos.store.shared_state import StoreUnavailableError
from runway_videos.store.sqlite_state import SqliteState

pytestmark = pytest.mark.slow


def test_nothing_waits_longer_than_it_may_and_what_had_not_begun_is_not_done(tmp_path: Path) -> None:
    async def test() -> None:
        path = tmp_path / "store.db"
        state = SqliteState(path, answer_seconds=0.1)
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        puts = [state.put(key, b"late", 60) for key in ("begun", "waits", "waits too")]
        for result in await asyncio.gather(*puts, return_exceptions=True):
            assert isinstance(result, StoreUnavailableError)
        with pytest.raises(StoreUnavailableError, match="no answer in time"):
            await state.get("begun")
        holder.execute("ROLLBACK")
        holder.close()
        await state.close()  # behind all that had begun
        again = SqliteState(path)
        assert [await again.get(key) for key in ("waits", "waits too")] == [None, None]
        await again.close()

    asyncio.run(test())


def test_processes_that_start_at_once_wait_for_the_one_that_makes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")  # as SQLite does while it makes a file
    holder.execute("CREATE TABLE made (by INTEGER)")
    end = threading.Timer(0.3, lambda: holder.execute("COMMIT"))
    end.start()
    state = SqliteState(path, busy_seconds=0.01)
    end.join()
    holder.close()
    asyncio.run(state.close())

"""An SQLite file whose disk hangs or is full, or that somebody else holds."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from running import ROOT, clean_environment
from runway_videos.store.shared_state import StoreUnavailableError, Swapped
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


def take_away(path: Path, in_its_place: Path | None) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    if in_its_place is not None:
        in_its_place.rename(path)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_gone_or_another_is_opened_anew_by_all(tmp_path: Path, replaced: bool) -> None:
    async def test() -> None:
        path = tmp_path / "store.db"
        one, other = SqliteState(path), SqliteState(path)
        await one.put("old", b"x", 60)
        assert await other.get("old") == b"x"
        if replaced:
            backup = SqliteState(tmp_path / "backup.db")
            await backup.put("old", b"backup", 60)
            await backup.close()
        take_away(path, in_its_place=tmp_path / "backup.db" if replaced else None)
        assert await one.get("old") == (b"backup" if replaced else None)
        await one.put("new", b"x", 60)
        assert await other.swap("new", b"x", b"y", 60) == Swapped(True, b"y")
        late = SqliteState(path)
        assert [await state.get("new") for state in (one, other, late)] == [b"y"] * 3
        for state in (one, other, late):
            await state.close()

    asyncio.run(test())


def test_a_file_that_cannot_be_opened_anew_is_a_store_that_is_away(tmp_path: Path) -> None:
    async def test() -> None:
        folder = tmp_path / "folder"
        folder.mkdir()
        state = SqliteState(folder / "store.db")
        await state.put("a", b"x", 60)
        folder.rename(tmp_path / "elsewhere")
        for _ in range(2):
            with pytest.raises(StoreUnavailableError):
                await state.put("a", b"y", 60)
        (tmp_path / "elsewhere").rename(folder)
        assert await state.get("a") == b"x"
        await state.close()

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


def test_a_file_that_another_process_holds_is_away(tmp_path: Path) -> None:
    async def run() -> None:
        path = tmp_path / "store.db"
        state = SqliteState(path, busy_seconds=0.05)
        await state.put("kept", b"x", 60)
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        for write in (state.put("new", b"x", 60), state.swap("new", None, b"x", 60)):
            with pytest.raises(StoreUnavailableError, match="locked"):
                await write
        assert await state.get("kept") == b"x"
        holder.execute("ROLLBACK")
        holder.close()
        await state.put("new", b"x", 60)
        await state.close()

    asyncio.run(run())


def test_a_full_disk_is_a_store_that_is_away(tmp_path: Path) -> None:
    """In a process that may write files of 256 KiB, as a disk with so much room."""
    code = """
import asyncio, resource, signal, sys
from pathlib import Path
from runway_videos.store.shared_state import StoreUnavailableError, Swapped
from runway_videos.store.sqlite_state import SqliteState

async def run():
    state = SqliteState(Path(sys.argv[1]))
    await state.put("kept", b"x", 60)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (256 << 10, resource.RLIM_INFINITY))
    try:
        await state.put("large", bytes(1 << 20), 60)
    except StoreUnavailableError as error:
        print("away:", error)
    print(await state.get("kept"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await state.put("large", bytes(1 << 20), 60)
    print(len(await state.get("large")))
    await state.close()

asyncio.run(run())
"""
    said = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "store.db")],
        env=clean_environment({"PYTHONPATH": str(ROOT / "addon")}),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert said[0].startswith("away:")
    assert said[1:] == ["b'x'", str(1 << 20)]

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.addon.start_harness import Start


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    monkeypatch.chdir(tmp_path)
    loop = asyncio.new_event_loop()
    yield Start(tmp_path, loop)
    loop.close()

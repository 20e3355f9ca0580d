from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.addon.start_harness import SECRET, Start


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    for name in [each for each in os.environ if each.startswith("RUNWAY")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TEAM_A", SECRET)
    monkeypatch.chdir(tmp_path)
    loop = asyncio.new_event_loop()
    yield Start(tmp_path, loop, monkeypatch)
    loop.close()

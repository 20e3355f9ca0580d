from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.addon.start_harness import Start


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    loop = asyncio.new_event_loop()
    yield Start(tmp_path, loop)
    loop.close()

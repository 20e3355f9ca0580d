from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from unit.addon.log_reader import Reader
from unit.addon.running_harness import Running
from unit.addon.start_harness import Start


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    loop = asyncio.new_event_loop()
    yield Start(tmp_path, loop)
    loop.close()


@pytest.fixture
def running(start: Start, caplog: pytest.LogCaptureFixture) -> Callable[[str], Running]:
    caplog.set_level(logging.INFO)
    return lambda conf: Running(start, conf)


@pytest.fixture(params=["pipe", "socket"])
def reader(request: pytest.FixtureRequest) -> Iterator[Reader]:
    """One of each kind."""
    made = Reader(request.param)
    yield made
    made.close()
    os.close(made.log)


@pytest.fixture
def pipe() -> Iterator[Reader]:
    """For what does not depend on the kind."""
    made = Reader("pipe")
    yield made
    made.close()
    os.close(made.log)

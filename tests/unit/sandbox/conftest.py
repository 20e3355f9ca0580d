"""Sandboxes that end with their test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from unit.sandbox.harness import Clock, Running, Start


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts sandboxes with options of one's own."""
    running: list[Running] = []

    def begin(**options: Any) -> Running:
        running.append(Running(Clock(), **options))
        return running[-1]

    yield begin
    for one in running:
        one.close()


@pytest.fixture
def sandbox(start: Start) -> Running:
    """A sandbox as it comes."""
    return start()

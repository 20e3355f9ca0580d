"""What a process has, as Linux says: memory, descriptors and the time that it computed."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec

import process_use


class Sample(msgspec.Struct, frozen=True):
    """`at` and `computed` in seconds, `memory` (resident) in bytes."""

    at: float
    memory: int
    descriptors: int
    computed: float = 0.0


def sample(pid: int) -> Sample:
    """Of a process that runs."""
    memory, computed = process_use.resident(pid), process_use.processor(pid)
    assert memory is not None
    assert computed is not None
    return Sample(time.monotonic(), memory, sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()), computed)


async def sampled(pid: int, every: float, samples: list[Sample]) -> None:
    """Adds a sample at each interval, until it is cancelled."""
    while True:
        samples.append(sample(pid))
        await asyncio.sleep(every)

"""What a process has, as Linux says: memory, descriptors and the time that it computed."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import msgspec

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Sample(msgspec.Struct, frozen=True):
    """`at` and `computed` in seconds, `memory` (resident) in bytes."""

    at: float
    memory: int
    descriptors: int
    computed: float = 0.0


def sample(pid: int) -> Sample:
    """Of a process that runs."""
    folder = Path(f"/proc/{pid}")
    memory = int((folder / "statm").read_text().split()[1]) * _PAGE
    # After the name in brackets, which may hold anything; user and system time.
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    computed = (int(fields[11]) + int(fields[12])) / _TICKS
    return Sample(time.monotonic(), memory, sum(1 for _ in (folder / "fd").iterdir()), computed)


async def sampled(pid: int, every: float, samples: list[Sample]) -> None:
    """Adds a sample at each interval, until it is cancelled."""
    while True:
        samples.append(sample(pid))
        await asyncio.sleep(every)

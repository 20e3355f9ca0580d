"""The end: creates in flight finish first, each of them may be a paid video."""

from __future__ import annotations

import asyncio
import contextlib
import signal

from mitmproxy import ctx

from runway_videos.logs import log
from runway_videos.service import Service

#: How long creates in flight may take to finish when the process is told to end.
DRAIN_SECONDS = 20.0
# For the last answers to leave: mitmproxy cuts connections when it ends.
_PARTING_SECONDS = 0.2

_ending: list[asyncio.Task[None]] = []


def drain_on_signals(service: Service) -> None:
    """Makes SIGTERM, and SIGINT where no user interface asks, wait for creates in flight."""
    signals = [signal.SIGTERM]
    if not hasattr(ctx.master, "prompt_for_exit"):
        signals.append(signal.SIGINT)
    loop = asyncio.get_running_loop()
    for each in signals:
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(each, _end, service)


def _end(service: Service) -> None:
    if _ending:
        log.warning("ending now; creates that were in flight may be paid and lost")
        ctx.master.shutdown()
        return
    _ending.append(asyncio.get_running_loop().create_task(_drain(service)))


async def _drain(service: Service) -> None:
    running = service.creates_in_flight
    if running:
        log.warning("ending: %d creates in flight have %.0f s to finish", running, DRAIN_SECONDS)
    # Also where none is in flight: one that comes now must not begin.
    left = await service.drain(DRAIN_SECONDS)
    if left:
        log.error("%d creates did not finish: tasks that nobody knows of may exist", left)
    await asyncio.sleep(_PARTING_SECONDS)
    ctx.master.shutdown()

"""A process as a whole: how long it takes to start, and its memory."""

from __future__ import annotations

import time

from bench.calls import fill
from bench.load import Ask, Load
from bench.origin import VIDEO, VIDEO_PATH
from bench.own_client import drive
from bench.stand import Proxy
from bench.workbench import Bench, about, is_ours

_OURS = Ask(("/v1/videos/video_rw0",), parts=(b'"not_found"',), status=404)
_BARE = Ask((VIDEO_PATH,), whole=VIDEO)


def start(bench: Bench, kind: str) -> float:
    """From the command to the first answer, in seconds."""
    began = time.perf_counter()
    with bench.stand.another(kind) as proxy:
        _ask(bench, kind, proxy, 1)
        seconds = time.perf_counter() - began
        _ask(bench, kind, proxy, 100)
        bench.idle[kind] = proxy.resident()
    return seconds


def idle(bench: Bench, kind: str) -> float | None:
    """Resident memory after a few requests, in MiB, of what `start` has just started."""
    if kind not in bench.idle:
        start(bench, kind)
    return bench.idle[kind]


def filled(bench: Bench, kind: str) -> float | None:
    """What videos in memory add to that, each made by a create, in MiB."""
    with bench.stand.another(kind) as proxy:
        _ask(bench, kind, proxy, 100)
        before = proxy.resident()
        fill(bench, proxy.port, f"memory, {about(kind)}")
        after = proxy.resident()
    return None if before is None or after is None else after - before


def _ask(bench: Bench, kind: str, proxy: Proxy, count: int) -> None:
    result = drive(proxy.port, _OURS if is_ours(kind) else _BARE, Load(1, requests=count))
    bench.check(result.good == count, f"start, {about(kind)}", f"{result.bad} answers were wrong")

"""The command: a load on one proxy for a long time, and what must hold at its end."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from chaos import stores
from chaos.soak.crowd import Crowd
from chaos.soak.plan import Plan
from chaos.soak.samples import Sample, sample, sampled
from chaos.soak.stand import Stand
from chaos.soak.verdicts import Seen, table, verdicts
from redis_server import PROGRAM

#: Connections that are left idle are closed within this time.
IDLE_SECONDS = 10.0


def parse(arguments: Sequence[str]) -> tuple[Plan, float]:
    """The plan of the command line, and how long clients are gone before the last look."""
    usual = Plan()
    parser = argparse.ArgumentParser(
        prog="tests/chaos",
        description="A proxy under a steady load, with faults: is it in the end as it was? 1 if not.",
    )
    parser.add_argument(
        "--soak", type=float, nargs="?", const=usual.seconds / 60, metavar="MINUTES", help="(20)"
    )
    parser.add_argument("--videos", type=int, default=usual.videos, help="unfinished at once (2000)")
    parser.add_argument("--clients", type=int, default=usual.clients, help="that ask about them (10000)")
    parser.add_argument(
        "--interval", type=float, default=usual.interval, help="seconds between a client's polls (60)"
    )
    parser.add_argument("--life", type=float, default=usual.life, help="seconds that a video takes (180)")
    parser.add_argument("--reload", type=float, default=usual.reload, help="seconds between two upsets (60)")
    parser.add_argument(
        "--halt", type=float, default=usual.halt, help="seconds that Runway stands still then (2)"
    )
    parser.add_argument("--store", choices=stores.NAMES, default=usual.store)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument(
        "--idle", type=float, default=IDLE_SECONDS, help="seconds without clients at the end (10)"
    )
    chosen = vars(parser.parse_args(arguments))
    idle = chosen.pop("idle")
    return Plan(seconds=60 * chosen.pop("soak"), **chosen), idle


def main(arguments: Sequence[str]) -> int:
    """Runs it; 1 where a verdict is not good."""
    plan, idle = parse(arguments)
    if plan.store == "redis" and PROGRAM is None:
        print("redis-server is not installed")
        return 2
    print(
        f"{plan.videos} videos of {plan.life:.0f} s at once, {plan.clients} clients that poll every"
        f" {plan.interval:.0f} s by a connection each time, {plan.seconds / 60:.1f} minutes,"
        f" store {plan.store}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as name:
        seen, told = asyncio.run(_run(plan, idle, Path(name)))
    found = list(verdicts(seen))
    print(told, table(found), sep="\n\n")
    return int(not all(each.good for each in found))


async def _run(plan: Plan, idle: float, folder: Path) -> tuple[Seen, str]:
    """What was seen, and what was done as text."""
    with Stand(folder, plan) as stand:
        pid, crowd, samples = stand.proxy.child.pid, Crowd(stand.proxy.port, plan), list[Sample]()
        before = sample(pid)
        beside = [
            asyncio.create_task(sampled(pid, plan.seconds / 240, samples)),
            asyncio.create_task(stand.upset()),
        ]
        await crowd.run()
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await asyncio.sleep(idle)
        after = sample(pid)
        tasks = await asyncio.to_thread(stand.tasks)
        stand.proxy.stop()
        lags, errors = stand.lags, stand.errors
    seen = Seen(
        before, after, samples, lags, errors, crowd.wrongs, tasks, crowd.made, crowd.counts["create 502"]
    )
    polls = sum(count for name, count in crowd.counts.items() if name.startswith("poll "))
    busy = (after.computed - before.computed) / (after.at - before.at)
    eighths = samples[:: max(1, len(samples) // 8)]
    memory = ", ".join(f"{each.memory >> 20}" for each in eighths)
    counts = ", ".join(f"{name}: {count}" for name, count in sorted(crowd.counts.items()))
    return (
        seen,
        f"{counts}\n{polls / plan.seconds:.0f} polls a second; the proxy computed {busy:.0%} of the time;"
        f" its memory at each eighth, in MiB: {memory}",
    )

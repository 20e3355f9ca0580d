"""The command: draws histories, runs them, checks them, prints what came of it."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from mitmproxy.certs import CertStore

from chaos import history as histories
from chaos import stores
from chaos.checker import check
from chaos.figures import Figures, story_of
from chaos.kinds import KINDS
from chaos.plan import draw
from chaos.source import GUARDS
from chaos.violations import Window
from faulty import balancer
from redis_server import PROGRAM


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    kinds = "; ".join(f"{name}: {kind.what}" for name, kind in KINDS.items())
    parser = argparse.ArgumentParser(
        prog="tests/chaos",
        description="Random histories of clients, proxies and a Runway that misbehaves; a checker says"
        " what was paid twice, lost, another's or gone back. Ends with 1 if anything was.",
        epilog=f"Kinds: {kinds}.",
    )
    parser.add_argument("--seed", type=int, default=1, help="everything is drawn from it (default 1)")
    parser.add_argument(
        "--histories", type=_positive, default=len(KINDS), help="how many, by turns of the kinds"
    )
    parser.add_argument("--wishes", type=_positive, default=60, help="videos wished in each (default 60)")
    parser.add_argument("--history", type=int, help="only this one, by its number")
    parser.add_argument("--processes", type=int, choices=(1, 2, 3), default=1, help="2, 3: behind HAProxy")
    parser.add_argument("--store", choices=stores.NAMES, default="memory", help="`runway_store` of all")
    parser.add_argument("--at-once", type=_positive, default=1, help="histories at once (default 1)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, metavar="KIND", default=list(KINDS))
    parser.add_argument(
        "--known",
        nargs="*",
        choices=[window.value for window in Window if window is not Window.NONE],
        help="windows that are known: a process killed, ended by SIGTERM (drain) or taken out of the"
        " balancer (moved) between two tries of one create; tries that reached no process (unreached), or"
        " whose end the proxies cannot know (doubt), of two equal creates without Idempotency-Keys; statuses"
        " of several replicas while the store is away (away), or where Runway answers one late (late)."
        " Default: with a store unreached, doubt, away, late;"
        " with memory unreached, doubt, kill; of several processes drain and moved too",
    )
    parser.add_argument("--traces", type=int, default=3, help="histories whose trace is shown (default 3)")
    parser.add_argument(
        "--duplicates", action="store_true", help="Runway charges twice at times: the check must find it"
    )
    parser.add_argument(
        "--without", choices=GUARDS, default="", help="a guard is taken out: the check must find it"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs it; 1 when something went wrong outside of the known windows."""
    chosen = parse(arguments)
    if chosen.processes > 1 and not balancer.installed:
        print("haproxy is not installed")
        return 2
    if chosen.store == "redis" and PROGRAM is None:
        print("redis-server is not installed")
        return 2
    figures = Figures(chosen.store, chosen.processes, _known(chosen))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        CertStore.from_store(folder / "ca", "mitmproxy", 2048)
        asyncio.run(_run_all(chosen, figures, folder))
    print(figures.table())
    return int(figures.bad > 0)


async def _run_all(chosen: argparse.Namespace, figures: Figures, folder: Path) -> None:
    places, left = asyncio.Semaphore(chosen.at_once), chosen.traces
    setting = histories.Setting(chosen.processes, chosen.store, chosen.duplicates, chosen.without)

    async def one(number: int, kind: str) -> None:
        nonlocal left
        async with places:
            plan = draw(chosen.seed, number, kind, chosen.wishes)
            work = folder / f"history-{number}"
            work.mkdir()
            try:
                told = await histories.run(plan, setting, work, folder / "ca")
            finally:
                shutil.rmtree(work)
        outside = figures.add(told, check(told))
        words = ", ".join(sorted({violation.wrong.value for violation in outside})) or "well"
        print(
            f"history {number}, {kind}: {len(told.stories)} wishes in {told.seconds:.0f} s: {words}",
            flush=True,
        )
        if outside and left:
            left -= 1
            print(*story_of(told, outside), sep="\n")
            print(f"again: {_again(chosen, number)}", flush=True)

    await asyncio.gather(*(one(number, kind) for number, kind in _numbered(chosen)))


def _known(chosen: argparse.Namespace) -> list[Window]:
    """The windows that are no failure: those that are named, else what README names."""
    if chosen.known is not None:
        return [Window(name) for name in chosen.known]
    if chosen.store != "memory":
        return [Window.UNREACHED, Window.DOUBT, Window.AWAY, Window.LATE]
    return [
        Window.UNREACHED,
        Window.KILL,
        Window.DOUBT,
        *([Window.DRAIN, Window.MOVED] if chosen.processes > 1 else []),
    ]


def _numbered(chosen: argparse.Namespace) -> Iterator[tuple[int, str]]:
    """The histories' numbers, and what kind each is of: the same whatever else is chosen."""
    wanted = range(chosen.histories) if chosen.history is None else [chosen.history]
    return ((number, chosen.kinds[number % len(chosen.kinds)]) for number in wanted)


def _again(chosen: argparse.Namespace, number: int) -> str:
    return (
        f"tests/chaos --seed {chosen.seed} --history {number} --wishes {chosen.wishes}"
        f" --processes {chosen.processes} --store {chosen.store} --kinds {' '.join(chosen.kinds)}"
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number

"""`python tests/bench`: measures in rounds, prints the table, fails where something was wrong."""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import mitmproxy.version
import msgspec

import redis_server
from bench import scraping, wrk
from bench.figures import SCENARIOS, Figures, Scenario, table
from bench.stand import Stand
from bench.workbench import QUICK, Bench, Plan


def parse(arguments: Sequence[str], scenarios: Sequence[Scenario] = SCENARIOS) -> argparse.Namespace:
    """The options of the command line; exits with a message on a mistake."""
    parser = argparse.ArgumentParser(
        prog="python tests/bench",
        description="Compares mitmdump with the addon to mitmdump without it, on this machine. Exits 1 when "
        "the bytes or the upstream calls of what it times are wrong; a missed target is only reported.",
    )
    parser.add_argument("--rounds", type=int, help="how often all is measured, in turn (5)")
    quick = "a moment of each: tells that it works, not how fast"
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--json", action="store_true", help="every figure as JSON in place of the table")
    parser.add_argument("--own-client", action="store_true", help="not wrk, also where there is one")
    parser.add_argument("--only", default="", metavar="TEXT", help="only what has this text in its name")
    parser.add_argument("--videos", type=int, help="videos that are made for the memory figure (100000)")
    given = parser.parse_args(arguments)
    if given.rounds is not None and given.rounds < 1:
        parser.error("--rounds: at least 1")
    if not any(given.only in scenario.name for scenario in scenarios):
        parser.error(
            f"--only: no scenario is named so; there are {', '.join(each.name for each in scenarios)}"
        )
    return given


def plan_of(given: argparse.Namespace) -> Plan:
    """The options as a plan."""
    plan = QUICK if given.quick else Plan()
    changes: dict[str, object] = {"wrk": wrk.is_here() and not given.own_client}
    given_values = {"rounds": given.rounds, "videos": given.videos}
    missing = [] if redis_server.PROGRAM else ["ours-redis"]
    missing += [] if scraping.is_possible else ["ours-scraped"]
    changes["skipped_kinds"] = plan.skipped_kinds.union(missing)
    changes |= {name: value for name, value in given_values.items() if value is not None}
    return msgspec.structs.replace(plan, **changes)


def measure(bench: Bench, scenarios: Sequence[Scenario], only: str, say: Callable[[str], None]) -> Figures:
    """All rounds, each kind in turn."""
    figures = Figures(scenarios)
    wanted = [scenario for scenario in scenarios if only in scenario.name]
    bench.stand.prepare(kind for scenario in wanted if not scenario.alone for kind in _kinds(bench, scenario))
    for turn in range(bench.plan.rounds):
        for scenario in wanted:
            if scenario.once and turn:
                continue
            for kind in _kinds(bench, scenario):
                say(f"round {turn + 1} of {bench.plan.rounds}: {scenario.name}, {kind}")
                figures.add(scenario, kind, scenario.measure(bench, kind))
    return figures


def _kinds(bench: Bench, scenario: Scenario) -> list[str]:
    return [kind for kind in scenario.kinds if scenario.alone or kind not in bench.plan.skipped_kinds]


def main(arguments: Sequence[str] | None = None, scenarios: Sequence[Scenario] = SCENARIOS) -> int:
    """Runs the command; returns its exit status."""
    given = parse(sys.argv[1:] if arguments is None else arguments, scenarios)
    plan = plan_of(given)
    with tempfile.TemporaryDirectory() as folder:
        stand = Stand(Path(folder), plan.file_bytes)
        try:
            figures = measure(Bench(stand, plan), scenarios, given.only, _say)
        finally:
            stand.close()
    lines = figures.lines()
    about = {
        "mitmproxy": mitmproxy.version.VERSION,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "client": "wrk" if plan.wrk and plan.requests is None else "own",
        "plan": msgspec.to_builtins(plan),
    }
    if given.json:
        whole = {**about, "rows": lines, "problems": stand.problems}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(whole), indent=1).decode() + "\n")
    else:
        made_with = ", ".join(f"{name} {value}" for name, value in about.items())
        sys.stdout.write(f"{table(lines)}\n\n{made_with}\n")
        sys.stdout.writelines(f"WRONG: {problem}\n" for problem in stand.problems)
    return 1 if stand.problems else 0


def _say(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

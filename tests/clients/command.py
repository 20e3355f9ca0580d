"""Runs every call of every client against a real mitmdump with the sandbox; prints the table."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from asking import PNG
from clients import table
from clients.installs import CLIENTS, Client, NotInstalledError
from clients.table import Outcome
from running import Proxy, clean_environment
from sandbox_server import SandboxServer
from unit.previews.clips import BLACK, GREY, WHITE, clip

_PATIENCE = 300.0
_ENVIRONMENT = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONDONTWRITEBYTECODE": "1"}


class _Line(msgspec.Struct):
    call: str
    problem: str


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 where a call failed."""
    parser = argparse.ArgumentParser(prog="python tests/clients", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only clients that are here or small")
    parser.add_argument("--only", default="", metavar="NAME", help="only clients with this in their name")
    parser.add_argument("--write", action="store_true", help="put the table into tests/clients/README.md")
    given = parser.parse_args(arguments)
    chosen = [each for each in CLIENTS if (each.quick or not given.quick) and given.only in each.name]
    outcomes = list(run(chosen))
    sys.stdout.write(table.table(outcomes) + "\n")
    for outcome in outcomes:
        for call, problem in outcome.problems.items():
            sys.stdout.write(f"FAILED: {outcome.client} {outcome.version}: {call}: {problem}\n")
    if given.write:
        table.write(outcomes)
    failed = sum(len(outcome.problems) for outcome in outcomes)
    passed = sum(outcome.passed for outcome in outcomes)
    sys.stdout.write(f"{passed} passed, {failed} failed\n")
    return 1 if failed or not passed else 0


def run(clients: Sequence[Client]) -> Iterator[Outcome]:
    """Each client in its turn."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for number, client in enumerate(clients):
            yield _run(client, folder / str(number))


def _run(client: Client, folder: Path) -> Outcome:
    """One client, with a proxy of its own."""
    place = folder / "client"
    folder.mkdir()
    try:
        command = list(client.install(client, place))
    except (NotInstalledError, OSError, subprocess.TimeoutExpired) as error:
        return Outcome(client.name, client.version, skipped=str(error))
    picture, footage = folder / "boat.png", folder / "boat.mp4"
    picture.write_bytes(PNG)
    footage.write_bytes(clip([BLACK, GREY, WHITE] * 15, 1280, 720))
    with SandboxServer() as server, Proxy(folder, **server.options()) as proxy:
        done = subprocess.run(
            [*command, proxy.base_url, str(picture), str(footage)],
            env=clean_environment(_ENVIRONMENT),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
    lines = [
        msgspec.json.decode(line, type=_Line)
        for line in done.stdout.splitlines()
        if line.startswith('{"call"')
    ]
    problems = {line.call: line.problem for line in lines if line.problem}
    if done.returncode:
        problems["the script ended early"] = (done.stderr.strip().splitlines() or [""])[-1][:300]
    return Outcome(client.name, client.version, len(lines) + bool(done.returncode), problems)

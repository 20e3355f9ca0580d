"""Runs every call of every client against a real mitmdump with the sandbox; prints the table."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
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

# For all calls of one client, in seconds.
_PATIENCE = 120.0
_ENVIRONMENT = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONDONTWRITEBYTECODE": "1"}


class _Line(msgspec.Struct):
    """Of a script: its client's version, or a call and what was wrong with it."""

    version: str = ""
    call: str = ""
    problem: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 where a call failed."""
    parser = argparse.ArgumentParser(prog="python tests/clients", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only clients that are here or small")
    parser.add_argument("--only", default="", metavar="NAME", help="only clients with this in their name")
    parser.add_argument("--write", action="store_true", help="put the table into tests/clients/README.md")
    given = parser.parse_args(arguments)
    if given.write and (given.quick or given.only):
        parser.error("--write: the table is of all clients")
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
        done = _finished(
            [*command, proxy.base_url, str(picture), str(footage)], clean_environment(_ENVIRONMENT), folder
        )
    said = [msgspec.json.decode(line, type=_Line) for line in done.stdout.splitlines() if line[:2] == '{"']
    calls = [line for line in said if line.call]
    problems = {line.call: line.problem for line in calls if line.problem}
    if done.returncode:
        problems["the script ended early"] = (done.stderr.strip().splitlines() or [""])[-1][:300]
    version = next((line.version for line in said if line.version), client.version)
    return Outcome(client.name, version, len(calls) + bool(done.returncode), problems)


def _finished(
    command: Sequence[str], env: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """The script's output and status; one that goes on and on has failed."""
    process = subprocess.Popen(
        command,
        env=dict(env),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        out, err = process.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        err += f"\nit did not end within {_PATIENCE:.0f} seconds"
    return subprocess.CompletedProcess(command, process.returncode, out, err)

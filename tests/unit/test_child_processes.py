"""Processes that a test started end when it fails, when pytest ends, and when pytest is killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from asking import until
from child_processes import Child
from running import ROOT, clean_environment

pytestmark = pytest.mark.slow

_HEAD = """
import os, sys, time
import pytest
from child_processes import Child

def start():
    child = Child([sys.executable, "-c", "import time; time.sleep(600)"])
    print(f"started {child.pid}", file=sys.stderr, flush=True)
    return child

def still_runs(child):
    return child.poll() is None
"""


@pytest.fixture
def pytest_with(tmp_path: Path) -> Callable[[str], Child]:
    """Starts another pytest, on a file of its own."""

    def run(tests: str) -> Child:
        file = tmp_path / "test_inner.py"
        file.write_text(_HEAD + tests)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-s",
            "-p",
            "child_processes",
            "-p",
            "no:cacheprovider",
        ]
        # Its errors are its children's process ids.
        return Child(
            [*command, "--rootdir", str(tmp_path), str(file)],
            env=clean_environment({"PYTHONPATH": str(ROOT / "tests")}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return run


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    if not Path("/proc/self/stat").exists():
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    # In a container nobody may collect the exit status of a process without a parent.
    return state != "Z"


def ended(pids: list[int]) -> bool | None:
    return not any(runs(pid) for pid in pids) or None


def started(text: str) -> list[int]:
    return [int(pid) for pid in re.findall(r"started (\d+)", text)]


def test_a_test_that_fails_ends_what_it_started(pytest_with: Callable[[str], Child]) -> None:
    pytest_child = pytest_with("""
started = []

def test_fails():
    started.append(start())
    assert False

def test_it_has_ended():
    assert not still_runs(started[0])
""")
    output, errors = pytest_child.communicate(timeout=60)
    assert "1 failed, 1 passed" in output, output
    assert len(started(errors)) == 1


def test_a_fixture_that_fails_ends_what_it_started_and_no_other(pytest_with: Callable[[str], Child]) -> None:
    pytest_child = pytest_with("""
broken = []

@pytest.fixture(scope="session")
def shared():
    child = start()
    yield child
    child.kill()

@pytest.fixture
def failing(request):
    request.getfixturevalue("shared")
    broken.append(start())
    raise RuntimeError("no set-up")

def test_fails(failing):
    pass

def test_only_its_own_has_ended(shared):
    assert not still_runs(broken[0])
    assert still_runs(shared)
""")
    output, errors = pytest_child.communicate(timeout=60)
    assert "1 passed, 1 error" in output, output
    assert ended(started(errors))


def test_what_a_passed_test_left_ends_with_pytest(pytest_with: Callable[[str], Child]) -> None:
    pytest_child = pytest_with("""
def test_forgets():
    start()
""")
    output, errors = pytest_child.communicate(timeout=60)
    assert "1 passed" in output, output
    assert len(started(errors)) == 1
    assert ended(started(errors))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_children_end_with_a_pytest_that_is_killed(
    pytest_with: Callable[[str], Child], number: signal.Signals
) -> None:
    pytest_child = pytest_with("""
def test_waits():
    start()
    ended = start()
    ended.kill()
    ended.wait()
    print("waiting", file=sys.stderr, flush=True)
    time.sleep(600)
""")
    assert pytest_child.stderr is not None
    lines = iter(pytest_child.stderr.readline, "waiting\n")
    pids = started("".join(lines))
    assert [runs(pid) for pid in pids] == [True, False]
    pytest_child.send_signal(number)
    assert pytest_child.wait(60) == -number
    until(lambda: ended(pids), "the end of the children")

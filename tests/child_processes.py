"""Child processes of the tests: none outlives a test that failed, nor pytest, however pytest ends.

A pytest plugin (see conftest.py), and the only place where a test starts a process that goes on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable
from typing import Any

import pytest

# Reads `+pid` and `-pid`, one a line. The end of its input is the end of the process that started
# the children, also by kill -9; then it ends those that are left.
_WATCHDOG = """
import os, signal, sys
running = set()
for line in sys.stdin:
    (running.add if line[0] == "+" else running.discard)(int(line[1:]))
for pid in running:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


class _Registry:
    """The children that run, and for each test or fixture that is under way those that it started."""

    def __init__(self) -> None:
        self._running: dict[int, Child] = {}
        self._scopes: list[list[Child]] = [[]]
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def add(self, child: Child) -> None:
        self._running[child.pid] = child
        self._scopes[-1].append(child)
        self._tell(f"+{child.pid}\n")

    def remove(self, child: Child) -> None:
        # Its id may be another process's from now on.
        if self._running.pop(child.pid, None) is not None:
            self._tell(f"-{child.pid}\n")

    def _tell(self, line: str) -> None:
        with self._lock:
            if self._watchdog is None:
                self._watchdog = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-c", _WATCHDOG],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # a Ctrl-C is for pytest
                )
            assert self._watchdog.stdin is not None
            os.write(self._watchdog.stdin.fileno(), line.encode())

    def open_scope(self) -> None:
        self._scopes.append([])

    def close_scope(self, failed: bool) -> None:
        started = self._scopes.pop()
        if failed:
            _end(started)

    def end_all(self) -> None:
        """Ends every child that still runs, and the watchdog."""
        _end(list(self._running.values()))
        if self._watchdog is not None and self._watchdog.stdin is not None:
            self._watchdog.stdin.close()
            self._watchdog.wait()
            self._watchdog = None


class Child(subprocess.Popen[str]):
    """A child process in text mode."""

    def __init__(self, command: Iterable[str], **options: Any) -> None:
        super().__init__(list(command), text=True, errors="replace", **options)
        _registry.add(self)

    def poll(self) -> int | None:
        status = super().poll()
        if status is not None:
            _registry.remove(self)
        return status

    def wait(self, timeout: float | None = None) -> int:
        status = super().wait(timeout)
        _registry.remove(self)
        return status


def _end(children: Iterable[Child]) -> None:
    for child in children:
        if child.poll() is None:
            child.kill()
            child.wait()


_registry = _Registry()


def _scope() -> Generator[None, Any, Any]:
    _registry.open_scope()
    try:
        result = yield
    except BaseException:
        _registry.close_scope(failed=True)
        raise
    _registry.close_scope(failed=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup() -> Generator[None, Any, Any]:
    """A fixture that fails to set up cannot tear down what it started."""
    return (yield from _scope())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, Any, Any]:
    """A test that fails may not have come to the end of what it started."""
    return (yield from _scope())


def pytest_sessionfinish() -> None:
    """Nothing is left, whatever was forgotten."""
    _registry.end_all()

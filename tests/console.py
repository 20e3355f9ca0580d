"""The real console program `mitmproxy` with the addon, in a terminal of its own, and what that shows."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from asking import until
from child_processes import Child
from running import ADDON, MITMDUMP, PATIENCE_SECONDS, clean_environment

ROWS, COLUMNS = 40, 140
# Takes the terminal for its own, so that it is told when that hangs up, and becomes the program.
_TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
_SEQUENCE = re.compile(r"\x1b(?:\[([?>=]?[\d;]*)([@-~])|\][^\x07]*\x07|[()].|[^\[\]()])|[^\x1b]")


class Screen:
    """What a terminal shows: as much of one as mitmproxy uses."""

    def __init__(self) -> None:
        self._cells = [[" "] * COLUMNS for _ in range(ROWS)]
        self._row = self._column = 0
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""

    def write(self, data: bytes) -> None:
        text = self._rest + self._decode(data)
        end = 0
        while found := _SEQUENCE.match(text, end):
            end = found.end()
            self._do(found[0], found[1] or "", found[2] or "")
        self._rest = text[end:]  # a sequence that is not whole yet

    @property
    def lines(self) -> list[str]:
        return ["".join(row).rstrip() for row in self._cells]

    def _do(self, text: str, numbers: str, command: str) -> None:
        values = [int(number) for number in numbers.split(";") if number.isdecimal()]
        match command:
            case "H":
                self._row, self._column = (each - 1 for each in (values if len(values) == 2 else (1, 1)))
            case "K":
                self._cells[self._row][self._column :] = [" "] * (COLUMNS - self._column)
            case "J":
                self._cells = [[" "] * COLUMNS for _ in range(ROWS)]
            case "" if text == "\r":
                self._column = 0
            case "" if text == "\n":
                self._row = min(self._row + 1, ROWS - 1)
            case "" if text.isprintable() and self._column < COLUMNS:
                self._cells[self._row][self._column] = text
                self._column += 1


class Console:
    """`with Console(folder) as console`: `folder` is the working directory. Ended, with its group, after it.

    Options are set as `--set name=value`.
    """

    def __init__(self, folder: Path, conf: str, env: Mapping[str, str] = {}, **options: object) -> None:
        (folder / "mitm.conf").write_text(conf)
        program = str(MITMDUMP.with_name("mitmproxy"))
        command = [sys.executable, "-c", _TAKE_TERMINAL, program, "-s", str(ADDON)]
        command += ["--listen-host", "127.0.0.1", "--listen-port", "0"]
        for name, value in {"confdir": folder / "confdir", **options}.items():
            command += ["--set", f"{name}={value}"]
        self._screen = Screen()
        self._changes = threading.Lock()
        self._hangs_up = False
        self._terminal, child_end = pty.openpty()
        fcntl.ioctl(child_end, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        try:
            self.child = Child(
                command,
                env=clean_environment({"TERM": "xterm", "LC_ALL": "C.UTF-8", "HOME": str(folder), **env}),
                cwd=folder,
                stdin=child_end,
                stdout=child_end,
                stderr=child_end,
                start_new_session=True,
            )
        finally:
            os.close(child_end)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        """Else the program waits for room."""
        with contextlib.suppress(OSError):  # the program has ended
            while not self._hangs_up:
                if select.select([self._terminal], [], [], 0.05)[0]:
                    data = os.read(self._terminal, 65_536)
                    with self._changes:
                        self._screen.write(data)

    @property
    def lines(self) -> list[str]:
        """The lines on the screen."""
        with self._changes:
            return self._screen.lines

    def press(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first place on the screen that a pattern is found in."""

        def found() -> re.Match[str] | None:
            assert self.child.poll() is None, self.lines
            return re.search(pattern, "\n".join(self.lines))

        try:
            return until(found, repr(pattern))
        except AssertionError as error:
            raise AssertionError(f"{error} on\n" + "\n".join(self.lines)) from None

    def wait_until_gone(self, pattern: str) -> None:
        """Waits until a pattern is nowhere on the screen."""
        until(lambda: re.search(pattern, "\n".join(self.lines)) is None or None, f"the end of {pattern!r}")

    def hang_up(self) -> int:
        """Closes the terminal, as one closes a window; the program's exit status."""
        self._close()
        return self.child.wait(PATIENCE_SECONDS)

    def _close(self) -> None:
        if not self._hangs_up:
            self._hangs_up = True
            self._reader.join(PATIENCE_SECONDS)
            os.close(self._terminal)

    def __enter__(self) -> Console:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self.child.poll() is None:
                os.killpg(self.child.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(PATIENCE_SECONDS)
        self._close()

"""A file of whole lines that is only appended to, and rotated by size.

A line is one call of write(2) on a descriptor that appends, so that processes may share the file and
none is cut by `kill -9`. Where the disk took a part of a line, the next one begins on a new line.
A full file is renamed to `PATH.TIME-PROCESS`, and never deleted here. A file that somebody else has
renamed is left, and PATH begins anew.

Nothing here waits: where a file is a device or `/dev/stdout`, what is not taken at once is lost. Pipes
are refused: without their reader nothing could be written, nor would a line outlive the reader.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

#: A file of this size is renamed.
MAX_BYTES = 64 << 20
#: Other names that are tried where one is taken.
_MAX_NAMES = 1000
# Pipes that may be written to: a container's or a service manager's own.
_STREAMS = ("/dev/stdout", "/dev/stderr")
_RIGHT = f"name a file on a disk, or {' or '.join(_STREAMS)} where that is a pipe or a terminal"


class AuditFile:
    """The file at `path`, which its owner alone may read. `now` is unix time; `write` as `os.write`.

    `failed` gets the problem at the first line that could not be written, and None when lines are
    written again.
    """

    def __init__(
        self,
        path: Path,
        failed: Callable[[str | None], None],
        max_bytes: int = MAX_BYTES,
        now: Callable[[], float] = time.time,
        write: Callable[[int, bytes], int] = os.write,
    ) -> None:
        self.path = path
        self._failed = failed
        self._max_bytes = max_bytes
        self._now = now
        self._write = write
        self._file = -1
        self._torn = self._failing = False

    def open(self) -> None:
        """Opens it, or makes it. OSError where that cannot be, also for what is no file."""
        with contextlib.suppress(FileNotFoundError):
            _check_kind(self.path, self.path.stat().st_mode)
        self._torn = _ends_within_a_line(self.path)
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600)

    def append(self, line: bytes) -> None:
        """Writes a line, which ends in a newline. Never raises OSError: what is served goes on."""
        try:
            self._prepare(len(line))
            whole = b"\n" + line if self._torn else line
            self._torn = self._write(self._file, whole) < len(whole)
            if self._torn:
                raise OSError("the disk took a part of a line")
        except OSError as error:
            if not self._failing:
                self._failing = True
                self._failed(error.strerror or str(error))
            return
        if self._failing:
            self._failing = False
            self._failed(None)

    def close(self) -> None:
        """Closes it; a later line opens it again."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _prepare(self, size: int) -> None:
        """Opens PATH anew where it is another file by now, and begins another one where it is full."""
        if self._file >= 0 and not self._is_at_path():
            self.close()
        if self._file < 0:
            self.open()
        found = os.fstat(self._file)
        if stat.S_ISREG(found.st_mode) and found.st_size and found.st_size + size > self._max_bytes:
            with contextlib.suppress(FileNotFoundError):  # another process has renamed it just now
                self.path.rename(self._free_name())
            self.close()
            self.open()

    def _is_at_path(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._file), self.path.stat())
        except FileNotFoundError:
            return False

    def _free_name(self) -> Path:
        when = time.strftime("%Y%m%dT%H%M%S", time.gmtime(self._now()))
        name = f"{self.path.name}.{when}-{os.getpid()}"
        names = [name, *(f"{name}-{number}" for number in range(1, _MAX_NAMES))]
        return next(place for each in names if not (place := self.path.with_name(each)).exists())


def _check_kind(path: Path, mode: int) -> None:
    """OSError for what is no place for an account."""
    is_stream, problem = str(path) in _STREAMS, ""
    if stat.S_ISFIFO(mode) and not is_stream:
        problem = "it is a pipe"
    elif stat.S_ISSOCK(mode):
        problem = "it is a socket"
    elif stat.S_ISREG(mode) and is_stream:  # the log's next line would be written over the account's
        problem = "it is where the log goes"
    if problem:
        raise OSError(errno.EINVAL, f"{problem}; {_RIGHT}")


def _ends_within_a_line(path: Path) -> bool:
    if not path.is_file():  # a pipe, say
        return False
    try:
        with path.open("rb") as file:
            if not file.seek(0, os.SEEK_END):
                return False
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except FileNotFoundError:  # another process has renamed it just now
        return False

"""How log lines leave the process where no terminal shows them: into a file, a pipe or a socket.

Python buffers such lines, so `kill -9` loses them; a full pipe blocks the event loop; mitmproxy ends
at its next line when the reader is gone. So the process's streams get another writer below them, once.
The stream objects stay: mitmproxy's log and flow printer hold them.

The log call itself writes, without waiting: the line before a create has left the process before the
create is sent. A thread in between could not promise that. What cannot be written at once is held in
order, up to a limit, while a thread waits for the reader. Over the limit the oldest lines are dropped,
those of creates last, and the reader is told how many. Nothing here raises because of the reader.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import itertools
import logging
import math
import os
import re
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Buffer
from typing import TextIO

from mitmproxy.addons.termlog import TermLogHandler

from runway_addon.nonblocking_write import Write, writer_for

HELD_BYTES = 1 << 20  # for a reader that stands still: some 8,000 lines
#: How long the end of the process waits for the reader.
END_SECONDS = 1.0
_DATE = "%Y-%m-%d %H:%M:%S"
# A reader that is gone may come back (a named pipe), a full disk may get room.
_RETRY_SECONDS = 1.0
_POLL_MILLISECONDS = 250
# What was paid stands in these. From the start of the line: no client's text can look like one.
_CREATE = re.compile(rb"\[[-\d:. ]+\] (?:SANDBOX )?(?:creating: |created: |OUTCOME UNKNOWN)")


class LogOutput:
    """One destination. `put` may be called from any thread, and from signal handlers."""

    def __init__(self, fd: int, write: Write | None = None, held_bytes: int = HELD_BYTES) -> None:
        self._fd = fd
        self._write = write or writer_for(fd)
        self._limit = held_bytes
        self._lock = threading.RLock()
        self._busy = False
        self._count = itertools.count()
        self._creates: deque[tuple[int, bytes]] = deque()
        self._others: deque[tuple[int, bytes]] = deque()
        self._held = 0
        self._rest = memoryview(b"")  # of the line that is being written
        self._dropped = 0
        self._failing = False
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._deadline = math.inf

    def put(self, lines: bytes) -> None:
        """Writes whole lines, or holds them; never waits, never raises OSError."""
        with self._lock:
            queue = self._creates if _CREATE.match(lines) else self._others
            queue.append((next(self._count), lines))
            self._held += len(lines)
            if self._busy:  # a signal handler logs while its thread writes: that one writes this too
                return
            self._write_all()
            if self._waiting and self._thread is None and not self._ending.is_set():
                thread = threading.Thread(target=self._wait, daemon=True)
                with contextlib.suppress(RuntimeError):  # none to be had: the next line tries again
                    thread.start()
                    self._thread = thread

    def end(self, seconds: float = END_SECONDS) -> None:
        """Waits for the reader of what is held, so long at most; then `put` holds nothing for later."""
        with self._lock:
            self._deadline = time.monotonic() + seconds
            self._ending.set()
            thread = self._thread
        if thread is not None:
            thread.join(seconds + 1.0)

    @property
    def _waiting(self) -> bool:
        return bool(self._rest or self._held)

    def _write_all(self) -> None:
        """Writes what can be written now, and holds of the others what is within the limit."""
        self._busy, self._failing = True, False
        try:
            while self._rest or self._next():
                self._rest = self._rest[self._write(self._rest) :]
        except BlockingIOError:
            pass
        except OSError:
            self._failing = True
        finally:
            while self._held > self._limit:
                self._dropped += self._remove(self._others or self._creates).count(b"\n")
            self._busy = False

    def _next(self) -> bool:
        """Takes the next line up; False: there is none."""
        if self._dropped:
            notice = (
                f"[{time.strftime(_DATE)}] {self._dropped} log lines were dropped: nothing read the log\n"
            )
            self._rest, self._dropped = memoryview(notice.encode()), 0
        elif self._creates or self._others:
            queues = (queue for queue in (self._creates, self._others) if queue)
            self._rest = memoryview(self._remove(min(queues, key=lambda queue: queue[0][0])))
        return bool(self._rest)

    def _remove(self, queue: deque[tuple[int, bytes]]) -> bytes:
        _, lines = queue.popleft()
        self._held -= len(lines)
        return lines

    def _wait(self) -> None:
        """Until the last held line is written, or the time at the end is over."""
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        while time.monotonic() < self._deadline:
            self._ending.wait(_RETRY_SECONDS) if self._failing else poll.poll(_POLL_MILLISECONDS)
            with self._lock:
                self._write_all()
                if not self._waiting or (self._failing and self._ending.is_set()):
                    self._thread = None
                    return


class LineWriter(io.RawIOBase):
    """What a text stream writes to: hands whole lines on."""

    name = "<log>"

    def __init__(self, fd: int, output: LogOutput) -> None:
        super().__init__()
        self._fd = fd
        self._output = output
        self._lock = threading.RLock()
        self._begun = b""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def write(self, data: Buffer, /) -> int:
        added = bytes(data)
        with self._lock:
            lines, end, self._begun = (self._begun + added).rpartition(b"\n")
            if end:
                self._output.put(lines + end)
        return len(added)

    def end(self) -> None:
        """Writes what has no line end too, and waits for the reader for a short time."""
        if self._begun:
            self.write(b"\n")
        self._output.end()


class Terminal(io.FileIO):
    """A terminal as it was, but one that has hung up ends nothing."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def install(*streams: TextIO | None) -> None:
    """Puts these writers below the process's streams; a second time it changes nothing."""
    outputs: list[tuple[os.stat_result, LogOutput]] = []
    for stream in streams:
        # A stream of another kind is not the process's own.
        if type(stream) is not io.TextIOWrapper or isinstance(stream.buffer, LineWriter):
            continue
        if sys.platform == "win32":  # it has no way to ask whether a pipe is full
            stream.reconfigure(line_buffering=True)
            continue
        fd = stream.fileno()
        if stream.isatty():
            _replace(stream, io.BufferedWriter(Terminal(fd, "w", closefd=False)), stream.errors)
            continue
        where = os.fstat(fd)
        # `2>&1`: one output, so that the order of the lines stays.
        same = (output for seen, output in outputs if os.path.samestat(seen, where))
        outputs.append((where, next(same, None) or LogOutput(fd)))
        lines = LineWriter(fd, outputs[-1][1])
        # Not "strict": a character that the encoding does not have must not end a create.
        _replace(stream, lines, "backslashreplace")
        atexit.register(lines.end)
        atexit.register(stream.flush)  # what was registered last runs first
        _write_dates(stream)


def _replace(stream: io.TextIOWrapper, below: LineWriter | io.BufferedWriter, errors: str | None) -> None:
    """The same stream object, for others hold it, with another writer."""
    with contextlib.suppress(OSError):
        stream.flush()
    io.TextIOWrapper.__init__(stream, below, stream.encoding, errors, newline="\n", line_buffering=True)


def _write_dates(stream: TextIO) -> None:
    for handler in logging.getLogger().handlers:
        if isinstance(handler, TermLogHandler) and handler.file is stream and handler.formatter:
            handler.formatter.default_time_format = _DATE

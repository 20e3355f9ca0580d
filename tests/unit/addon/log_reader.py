"""The reading end of a log: a pipe or a socket."""

from __future__ import annotations

import contextlib
import os
import re
import socket

from asking import until
from runway_addon.log_output import LogOutput
from runway_addon.nonblocking_write import writer_for

CREATING = b"[2026-11-23 10:00:00.000] creating: gen4.5, 5 s, key a"
CREATED = b"[2026-11-23 10:00:00.000] SANDBOX created: gen4.5, 5 s, key a, task t"
LOST = b"[2026-11-23 10:00:00.000] OUTCOME UNKNOWN: a paid task may exist at Runway"
LONG = b"x" * 200
DROP_NOTICE = re.compile(rb"^\[[\d-]{10} [\d:]{8}\] (\d+) log lines were dropped: nothing read the log$")


class Reader:
    """The other end; what it has read so far is in `received`."""

    def __init__(self, kind: str) -> None:
        if kind == "socket":
            here, there = socket.socketpair()
            self.fd, self.log = here.detach(), there.detach()
        else:
            self.fd, self.log = os.pipe()
        os.set_blocking(self.fd, False)
        self.received = b""

    def read(self) -> list[bytes]:
        """All lines that have come until now."""
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self.fd, 65_536):
                self.received += part
        return self.received.splitlines()

    def until(self, last: bytes) -> list[bytes]:
        """Reads until this line has come."""

        def come() -> list[bytes] | None:
            lines = self.read()
            return lines if lines[-1:] == [last] and self.received.endswith(b"\n") else None

        return until(come, last.decode())

    def close(self) -> None:
        """Reads no more, ever."""
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1


def stall(reader: Reader) -> list[bytes]:
    """Fills what is between the two with these lines, so that not one more fits."""
    lines: list[bytes] = []
    write = writer_for(reader.log)
    with contextlib.suppress(BlockingIOError):
        while True:
            # A whole page of a pipe: else a short line would find room in the last one.
            line = b"%06d " % len(lines) + bytes(4088).replace(b"\0", b"-")
            assert write(memoryview(line + b"\n")) == 4096
            lines.append(line)
    return lines


def put(output: LogOutput, *lines: bytes) -> None:
    """Each by itself."""
    for line in lines:
        output.put(line + b"\n")

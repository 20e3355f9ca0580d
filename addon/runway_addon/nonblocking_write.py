"""Writing to a file, pipe or socket without waiting for its reader."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import stat
from collections.abc import Callable
from functools import partial

#: Takes bytes, returns how many were written, never waits. OSError: none; BlockingIOError: not now.
Write = Callable[[memoryview], int]


def writer_for(fd: int) -> Write:
    """How to write to a descriptor without waiting.

    O_NONBLOCK on the descriptor itself would be set for every process that shares it.
    """
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return partial(os.write, fd)
    if stat.S_ISSOCK(mode):
        sock = socket.socket(fileno=os.dup(fd))
        return lambda data: sock.send(data, socket.MSG_DONTWAIT)
    if stat.S_ISFIFO(mode):
        # On Linux this opens the pipe anew, so the flag is this process's own.
        with contextlib.suppress(OSError):
            return partial(os.write, os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK))
    return partial(write_if_ready, fd)


def write_if_ready(fd: int, data: memoryview) -> int:
    """Writes no more than a pipe takes at once when it says that it takes something.

    Another process could fill the pipe in between; only where it cannot be opened anew.
    """
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    if not poll.poll(0):
        raise BlockingIOError
    return os.write(fd, data[: select.PIPE_BUF])

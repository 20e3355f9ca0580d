"""Runs `frames.py` on a file and reads what it writes."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

#: A picture that is larger is not kept; one of `frames.py` has at most some hundred kilobytes.
LARGEST_PICTURE = 4 << 20
#: How long all pictures of a file may take, in seconds.
SECONDS = 60.0

_COMMAND = (sys.executable, "-P", str(Path(__file__).with_name("frames.py")))
# Nothing else of the environment, where keys are, goes along. These find Python's and PyAV's files.
_ENVIRONMENT = (
    *("PATH", "HOME", "PYTHONPATH", "PYTHONHOME"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT"),
)


def has_av() -> bool:
    """Whether the extra `media` is installed."""
    return importlib.util.find_spec("av") is not None


async def make_pictures(
    file: IO[bytes], command: Sequence[str] = _COMMAND, seconds: float = SECONDS
) -> list[bytes]:
    """The pictures of the video in this file, those that it came to before it failed or took too long.

    The child process is gone at the end, whatever happens.
    """
    found: list[bytes] = []
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=file,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        cwd="/" if os.name == "posix" else None,
    )
    assert child.stdout is not None  # it is a pipe
    try:
        async with asyncio.timeout(seconds):
            while (picture := await _picture(child.stdout)) is not None:
                found.append(picture)
    except TimeoutError:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        # asyncio sees the end of a child only behind what it wrote.
        while await child.stdout.read(1 << 16):
            pass
        await child.wait()
    return found


async def _picture(pipe: asyncio.StreamReader) -> bytes | None:
    """The next one; None at the end, also where that comes too early or what comes is too large."""
    try:
        length = int.from_bytes(await pipe.readexactly(4))
        return await pipe.readexactly(length) if 0 < length <= LARGEST_PICTURE else None
    except asyncio.IncompleteReadError:
        return None

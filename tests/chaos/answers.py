"""How the stand-in for Runway ends an exchange, and the files that it serves."""

from __future__ import annotations

import asyncio

from chaos.fates import End
from faulty import http1


def file_of(task: str) -> bytes:
    """A finished video: its bytes say whose they are."""
    return f"task {task}\n".encode() * 20


def task_of(content: bytes) -> str:
    """The task that a video's bytes are of; empty where they are none."""
    first, _, _ = content.partition(b"\n")
    name = first.removeprefix(b"task ").decode("latin-1")
    return name if content == file_of(name) else ""


async def end_as(end: End, full: bytes, writer: asyncio.StreamWriter) -> bool:
    """False: the connection is done with."""
    match end:
        case End.ANSWER:
            writer.write(full)
            await writer.drain()
            return True
        case End.HALF:
            # Not a reset, which would overtake what was sent.
            writer.write(full[: (full.index(b"\r\n\r\n") + 4 + len(full)) // 2])
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        case End.RESET | End.SILENCE:
            http1.reset(writer)
        case End.CLOSE:
            pass
    return False

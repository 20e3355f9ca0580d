"""Uploads of 100 MB: beyond what mitmproxy itself holds of a body, at most one copy."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from asking import peak_memory
from bench.uploading import form, post
from end_to_end.conftest import Folders, whole
from running import MITMDUMP, ROOT, UNBUFFERED, Process, Proxy, clean_environment
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

SIZE = 100_000_000
# What has nothing to do with the size: parsers, buffers, connections to Runway.
SLACK = 12 << 20
PNG = b"\x89PNG\r\n\x1a\n"


def in_a_form(picture: bytes) -> tuple[str, bytes]:
    return form(picture)


def in_json(picture: bytes) -> tuple[str, bytes]:
    uri = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    body = {"prompt": "a boat", "input_reference": {"image_url": uri}}
    return "application/json", json.dumps(body).encode()


@contextmanager
def bare(folder: Folders) -> Iterator[tuple[int, int]]:
    """A mitmdump with an addon of three lines that answers: its process id and its port."""
    made = folder()
    command = [str(MITMDUMP), "--listen-host", "127.0.0.1", "--listen-port", "0"]
    command += ["--set", f"confdir={made / 'confdir'}", "-s", str(ROOT / "tests" / "bench" / "answer.py")]
    process = Process(command, clean_environment(UNBUFFERED), made)
    try:
        yield process.child.pid, int(process.wait_for(r"listening at 127\.0\.0\.1:(\d+)")[1])
    finally:
        process.kill()


def growth(pid: int, port: int, make: Callable[[bytes], tuple[str, bytes]], size: int) -> int:
    """By how much a process's memory grows at most while it takes an upload, after a small one."""
    assert post(port, *make(PNG + bytes(1000))) == 200
    before = peak_memory(pid, reset=True)
    assert post(port, *make(PNG + bytes(size))) == 200
    return peak_memory(pid) - before


@pytest.mark.parametrize("make", [in_a_form, in_json])
def test_at_most_one_copy(folder: Folders, make: Callable[[bytes], tuple[str, bytes]]) -> None:
    # Base64 is a third longer: the bodies have the same length.
    size = SIZE if make is in_a_form else SIZE * 3 // 4
    with SandboxServer() as sandbox_server, bare(folder) as (pid, port):
        theirs = growth(pid, port, make, size)
        with Proxy(folder(), **sandbox_server.options(), runway_max_body="256m") as proxy:
            ours = growth(proxy.child.pid, proxy.port, make, size)
            whole(proxy)
        assert theirs >= SIZE, "the body was not held at all: nothing was compared"
        assert ours - theirs <= SIZE + SLACK
        # It was not refused or cut: the whole file is with Runway.
        (stored,) = [
            seen.body
            for seen in sandbox_server.seen("POST", "/uploads")
            if seen.body and "sha256" in seen.body
        ]
        assert stored["sha256"] == hashlib.sha256(PNG + bytes(size)).hexdigest()

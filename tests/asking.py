"""Clients of the tests: the real `openai` client, curl, httpx; and the checks of every Video and error."""

from __future__ import annotations

import contextlib
import random
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai.types import Video

from running import clean_environment

#: Every key of a Video, in every answer.
VIDEO_KEYS = {
    *("id", "object", "model", "status", "progress", "created_at", "completed_at", "expires_at"),
    *("prompt", "size", "seconds", "remixed_from_video_id", "error"),
}
#: Keys of a Video whose values never change.
CONSTANT_KEYS = ("id", "object", "model", "created_at", "prompt", "size", "seconds", "remixed_from_video_id")
PATIENCE_SECONDS = 30.0

#: For tests that run curl.
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

# A PNG of one pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060"
    "0000000500017a5ea44d0000000049454e44ae426082"
)


def client(base_url: str, key: str = "sk-of-the-application", **options: Any) -> openai.OpenAI:
    """The stock client; it takes nothing from this process's environment."""
    http = openai.DefaultHttpxClient(trust_env=False, **options.pop("http", {}))
    return openai.OpenAI(base_url=base_url, api_key=key, http_client=http, timeout=60, **options)


def web(base_url: str, **options: Any) -> httpx.Client:
    """A plain HTTP client that ignores the environment."""
    return httpx.Client(base_url=base_url, trust_env=False, timeout=60, **options)


def curl(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    """Runs curl, which must succeed, without its configuration file."""
    done = curl_command(*arguments, env=env)
    assert done.returncode == 0, done.stderr.decode()
    return done


def curl_command(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    """Runs curl, whatever comes of it, without its configuration file."""
    command = ["curl", "-q", "--silent", "--show-error", *arguments]
    return subprocess.run(command, env=clean_environment(env or {}), capture_output=True, timeout=60)


def raw(port: int, request: bytes, host: str = "127.0.0.1") -> bytes:
    """Sends bytes and returns all that is answered until the connection ends."""
    with socket.create_connection((host, port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def until[T](find: Callable[[], T | None], what: str) -> T:
    """Calls `find` at short intervals until it returns something, for PATIENCE_SECONDS at most."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := find()) is None:
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)
    return found


def check_video(body: dict[str, Any]) -> dict[str, Any]:
    """Checks that every key is there with the right type, as the strictest clients do; returns the body."""
    assert set(body) == VIDEO_KEYS
    # What Runway makes may have a size that OpenAI's enumeration does not hold.
    assert re.fullmatch(r"\d+x\d+", body["size"])
    Video.model_validate(body | {"size": "720x1280"}, strict=True)
    for name in ("progress", "created_at"):
        assert type(body[name]) is int
    assert isinstance(body["seconds"], str)
    assert (body["error"] is not None) == (body["status"] == "failed")
    done = body["status"] == "completed"
    assert (type(body["completed_at"]) is int) == (type(body["expires_at"]) is int) == done
    assert body["progress"] == 100 if done else 0 <= body["progress"] < 100
    return body


def finished(web: httpx.Client, video_id: str, **options: Any) -> dict[str, Any]:
    """Polls a video until it has ended; returns it."""

    def ended() -> dict[str, Any] | None:
        response = web.get(f"/v1/videos/{video_id}", **options)
        assert response.status_code == 200, response.text
        video = check_video(response.json())
        return video if video["status"] in ("completed", "failed") else None

    return until(ended, f"the end of {video_id}")


def error_of(response: httpx.Response, status: int) -> dict[str, Any]:
    """The error in an answer, checked to be in OpenAI's shape and to have a message."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/json")
    body = response.json()
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert len(error["message"]) > 10
    return error


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Different ports of 127.0.0.1 and `host` that a program can listen on, also again after it was killed.

    Below those that the system gives to outgoing connections: one of them may have taken it by then.
    """
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found: list[int] = []
    for port in random.sample(range(first // 2, first), 100 + count):
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for address in {host, "127.0.0.1"}:
                held.enter_context(socket.socket()).bind((address, port))
            found.append(port)
        if len(found) == count:
            return found
    raise AssertionError(f"fewer than {count} free ports")


def free_port() -> int:
    """One of `free_ports`."""
    return free_ports(1)[0]


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Whether the port accepts connections."""
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex((host, port)) == 0


def peak_memory(pid: int, reset: bool = False) -> int:
    """The peak memory of a process in bytes, since its start or the last reset."""
    proc = Path(f"/proc/{pid}")
    if not (proc / "clear_refs").exists():
        pytest.skip("there is no /proc here to read a process's memory from")
    if reset:
        (proc / "clear_refs").write_text("5")
    line = next(line for line in (proc / "status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def other_address() -> str:
    """An address of this machine that is not loopback; skips the test where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a datagram socket sends nothing: it only selects the route.
            probe.connect(("198.51.100.1", 9))
        except OSError:
            pytest.skip("this machine has no address but loopback")
        address: str = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    return address

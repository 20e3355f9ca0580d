"""Bodies as large as they may be: bounded memory, and others are served meanwhile."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator

import httpx
import pytest

from asking import error_of, peak_memory, web
from end_to_end.conftest import Folders
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

LARGEST = 64 << 20
BOUNDARY = "xYz"


@pytest.fixture
def proxy(folder: Folders, sandbox_server: SandboxServer) -> Iterator[Proxy]:
    with Proxy(folder(), **sandbox_server.options(), runway_max_body="64m") as proxy:
        yield proxy
        assert "Traceback" not in proxy.log


def form(array: str, fields: int) -> bytes:
    parts = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f{n}"\r\n\r\n{array}\r\n'
        for n in range(fields)
    )
    return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()


def many_texts() -> tuple[str, bytes]:
    array = "[" + "[]," * 33_000 + "0]"
    return f"multipart/form-data; boundary={BOUNDARY}", form(array, 600)


def one_emoji() -> tuple[str, bytes]:
    body = json.dumps({"model": "runway/gen4.5", "prompt": "\N{FOX FACE}" + "a" * (LARGEST - 1_000)})
    return "application/json", body.encode()


def one_array() -> tuple[str, bytes]:
    return "application/json", b'{"prompt": [' + b"[]," * (20 << 20) + b"0]}"


def long_prompt() -> tuple[str, bytes]:
    return "application/json", json.dumps({"prompt": "a" * (LARGEST - 1_000)}).encode()


def percent_signs() -> tuple[str, bytes]:
    return "application/x-www-form-urlencoded", b"prompt=" + b"%41" * (20 << 20)


@pytest.mark.parametrize("make", [many_texts, one_emoji, one_array, long_prompt, percent_signs])
def test_a_hostile_body_costs_little_and_stops_nobody(
    proxy: Proxy, make: Callable[[], tuple[str, bytes]]
) -> None:
    content_type, body = make()
    assert 56 << 20 < len(body) <= LARGEST
    with web(proxy.url) as client, web(proxy.url) as other:
        video = client.post("/v1/videos", json={"prompt": "a fox"}).json()["id"]
        before = peak_memory(proxy.child.pid, reset=True)
        answers: list[httpx.Response] = []
        posting = threading.Thread(
            target=lambda: answers.append(
                client.post("/v1/videos", content=body, headers={"Content-Type": content_type})
            )
        )
        posting.start()
        polls = 0
        while posting.is_alive():
            assert other.get(f"/v1/videos/{video}").status_code == 200
            polls += 1
        posting.join()
        growth = peak_memory(proxy.child.pid) - before
    error_of(answers[0], 400)
    assert polls > 1
    assert growth < 4 * len(body) + (64 << 20)

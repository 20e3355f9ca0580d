"""However many clients poll a video, Runway is asked once in `runway_poll_seconds`."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import pytest

from asking import web
from bench import own_client
from bench.load import Ask, Load
from end_to_end.conftest import Folders, whole
from running import Proxy
from runway_videos.keys.pool import Key
from runway_videos.upstream.client import Reply
from sandbox_server import SandboxServer
from unit.fake_runway import ServiceHarness
from unit.loopback import in_a_loop

pytestmark = pytest.mark.slow

CLIENTS, SECONDS, MOST_CALLS = 200, 30, 7


async def _poll(harness: ServiceHarness, video_id: str, oldest: float) -> None:
    """One poll: right, and no older than it may be. The task's progress is its age in percent."""
    video = await harness.video("GET", f"/{video_id}")
    assert video["status"] == "in_progress"
    assert harness.now - 1000 - video["progress"] <= oldest


@pytest.mark.parametrize("together", [True, False])
@in_a_loop
async def test_two_hundred_clients_for_half_a_minute(together: bool) -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    # Each client once a second: all at the same moment, or each at its own.
    phases = [0.0 if together else random.Random(number).random() for number in range(CLIENTS)]
    moments = sorted((1000 + second + phase) for second in range(SECONDS) for phase in phases)
    for moment in dict.fromkeys(moments):
        harness.now = moment
        harness.set(status="RUNNING", progress=int(moment - 1000) / 100)
        polls = [_poll(harness, video_id, oldest=6.0) for _ in range(moments.count(moment))]
        await asyncio.gather(*polls)
    # That every client got its answer, and that answers are renewed at all.
    assert len(moments) == CLIENTS * SECONDS
    assert SECONDS // 5 - 1 <= harness.runway.times("get") <= MOST_CALLS


@in_a_loop
async def test_while_runway_is_slow_a_call_is_shared_by_all_who_wait() -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.set(status="RUNNING", progress=0.5)
    answered = asyncio.Event()
    asked = 0

    get_task = harness.runway.get_task

    async def slow(key: Key, task: str) -> Reply:
        nonlocal asked
        asked += 1
        await answered.wait()
        return await get_task(key, task)

    harness.runway.get_task = slow  # type: ignore[method-assign]
    polls = []
    for _ in range(20):  # twenty seconds without an answer, ten clients a second
        polls += [asyncio.create_task(harness.video("GET", f"/{video_id}")) for _ in range(10)]
        harness.now += 1
        await asyncio.sleep(0)
    answered.set()
    videos = await asyncio.gather(*polls)
    assert asked == 1
    assert {video["progress"] for video in videos} == {50}


@pytest.mark.parametrize("lean", [False, True])
def test_hundreds_of_polls_over_http(folder: Folders, lean: bool) -> None:
    seconds = 5
    with SandboxServer(seconds=600) as sandbox_server:
        options: dict[str, Any] = sandbox_server.options()
        options |= {"runway_poll_seconds": seconds, "runway_lean": lean}
        with Proxy(folder(), **options) as proxy, web(proxy.url) as client:
            made = client.post("/v1/videos", json={"prompt": "polled by many"}).json()["id"]
            ask = Ask((f"/v1/videos/{made}",), parts=(b'"object":"video"', made.encode()))
            began = time.monotonic()
            result = own_client.drive(proxy.port, ask, Load(50, requests=500))
            # As many as the time that it took allows, and the first.
            allowed = 1 + (time.monotonic() - began) / seconds
            assert (result.good, result.bad) == (500, 0)
            assert 1 <= len(sandbox_server.seen("GET", "/v1/tasks/")) <= allowed
            whole(proxy)

"""Two proxies with one configuration behind a real HAProxy; one of them is killed and comes back."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import openai
import pytest

import asking
from asking import free_port
from faulty import balancer
from faulty.balancer import Balancer
from faulty.gateway import lines_with
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = [
    pytest.mark.skipif(not balancer.installed, reason="haproxy is not installed"),
    pytest.mark.slow,
    pytest.mark.long,
]

VIDEOS = 200
CLIENTS = 40
#: How many videos there are when one of the proxies is killed.
KILLED_AT = 80
#: How many are asked for only when it is back.
LATE = 60
TOKEN = "the-token-of-app-1"
CALLERS = [json.dumps({"name": "app-1", "value": TOKEN})]
ENVIRONMENT = {"RUNWAY_ID_SECRET": "known to both"}


class Outcome(msgspec.Struct, frozen=True):
    """What one client got: a video with its bytes, or why its create was not answered."""

    prompt: str
    content: bytes = b""
    error: str = ""


def live(base_url: str, prompt: str) -> Outcome:
    """What an application does: creates, polls to the end, downloads. The stock client throughout."""
    user = asking.client(base_url, TOKEN)
    try:
        video = user.videos.create(prompt=prompt)
    except openai.APIError as error:
        return Outcome(prompt, error=f"{type(error).__name__}: {error}")
    video = user.videos.poll(video.id)
    assert (video.status, video.prompt) in (("completed", prompt), ("completed", None))
    for _ in range(3):
        try:
            return Outcome(prompt, user.videos.download_content(video.id).content)
        except Exception:  # a download that was cut: the application asks again
            continue
    raise AssertionError(f"{prompt} could not be downloaded")


def test_two_hundred_videos_and_a_kill(folder: Callable[[], Path]) -> None:
    with SandboxServer(seconds=0.8, keep=100_000) as sandbox_server:
        options = sandbox_server.options() | {"runway_callers": CALLERS, "runway_poll_seconds": 1}
        options["flow_detail"] = 1  # its log tells when a client comes
        ports = [free_port(), free_port()]

        def start(port: int) -> Proxy:
            listen = ("--listen-host", "127.0.0.1", "--listen-port", str(port))
            return Proxy(folder(), listen=listen, env=ENVIRONMENT, **options).ready()

        proxies = [start(port) for port in ports]
        victim, back = proxies[0], threading.Event()
        prompts = [f"video {number}" for number in range(VIDEOS)]

        def kill() -> None:
            asking.until(lambda: sandbox_server.made() >= KILLED_AT or None, f"{KILLED_AT} videos")
            victim.kill()
            again = start(ports[0])
            proxies.append(again)
            # HAProxy's own looks at it: after two of them it takes part again.
            asking.until(lambda: len(lines_with(again.log, "client connect")) > 2 or None, "its return")
            back.set()

        def one(number: int) -> Outcome:
            if number >= VIDEOS - LATE:
                assert back.wait(asking.PATIENCE_SECONDS)
            return live(haproxy.base_url, prompts[number])

        # Creates in turn too, as the rest: nothing here may hang on where a create went.
        in_turn = ["balance hash var(txn.create)"]
        with Balancer(folder(), ports, in_turn) as haproxy, ThreadPoolExecutor(CLIENTS) as pool:
            killer = threading.Thread(target=kill)
            killer.start()
            outcomes = list(pool.map(one, range(VIDEOS)))
            killer.join()
        for proxy in proxies[1:]:
            proxy.stop()
        tasks = Counter(
            str((seen.body or {})["promptText"]) for seen in sandbox_server.creates() if seen.made
        )

    answered = [outcome.prompt for outcome in outcomes if outcome.content]
    lost = {outcome.prompt: outcome.error for outcome in outcomes if not outcome.content}
    print(f"\n{len(answered)} of {VIDEOS} videos were answered and downloaded, {sum(tasks.values())} made;")
    print(f"not answered: {lost}")
    assert [prompt for prompt in prompts if tasks[prompt] > 1] == []
    assert [prompt for prompt in answered if tasks[prompt] != 1] == []
    assert len({outcome.content for outcome in outcomes if outcome.content}) == 1
    # Only what was in flight in the one that died has no answer, and its client was told why not.
    assert len(lost) <= CLIENTS
    assert all(error.startswith("InternalServerError") for error in lost.values())
    assert sum(tasks.values()) <= VIDEOS
    shares = [len(lines_with(proxy.log, "created:")) for proxy in proxies]
    print(f"made by the first until it was killed, the second, the first again: {shares}")
    assert min(shares) > 10

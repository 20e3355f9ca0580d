"""Clients whose leaving cannot be seen, or is not seen as they leave: one video, paid once."""

from __future__ import annotations

import json
import signal
import socket
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

from asking import curl_command, needs_curl, until
from faulty import departures, faults
from faulty.accounts import Operation
from faulty.clients import Client, create
from faulty.departing import Scene
from faulty.gateway import lines_with
from faulty.http2 import Http2Client

pytestmark = pytest.mark.slow


def test_a_stream_that_was_reset_has_no_client(scene: Scene) -> None:
    scene.account.plan(Operation.CREATE, faults.HELD)
    with Http2Client(scene.proxy.port, scene.proxy.ca) as user:
        # The same count twice: only an outcome that is known to be owed is given to such an attempt.
        body = {"model": scene.model, "prompt": "it"}
        stream = user.post("/v1/videos", body, x_stainless_retry_count="1")
        scene.runway.wait_seen(scene.account, Operation.CREATE)
        user.reset(stream)
        scene.answered("created:")
        again = user.post("/v1/videos", body, x_stainless_retry_count="1")
        video = json.loads(user.answer(again))["id"]
    assert scene.row(departures.RESET, video) == departures.RESET


def test_a_stream_that_was_answered_had_its_client(scene: Scene) -> None:
    """The other way round: an HTTP/2 client that is there does not count as gone."""
    body = {"model": scene.model, "prompt": "it"}
    with Http2Client(scene.proxy.port, scene.proxy.ca) as user:
        asked = (user.post("/v1/videos", body, x_stainless_retry_count="1") for _ in range(2))
        videos = [json.loads(user.answer(each))["id"] for each in asked]
    assert len(set(videos)) == len(scene.account.tasks) == 2


def test_the_proxy_stands_still_while_the_client_gives_up(scene: Scene) -> None:
    scene.account.plan(Operation.CREATE, faults.HELD)
    process = scene.proxy.child

    class Impatient(Client):
        """Tries again when the proxy still stands; it then finds all at once."""

        def _calculate_retry_timeout(self, *args: object, **kwargs: object) -> float:
            self.timeout = 60
            return 0.0

    with (
        ThreadPoolExecutor() as pool,
        Impatient(scene.proxy.base_url, timeout=openai.Timeout(60, read=1)) as user,
    ):
        waiting = pool.submit(create, user, model=scene.model, prompt="it")
        scene.runway.wait_seen(scene.account, Operation.CREATE)
        process.send_signal(signal.SIGSTOP)
        try:
            scene.account.release()
            until(lambda: user.timeout == 60 or None, "the client's second try")
        finally:
            process.send_signal(signal.SIGCONT)
        got = waiting.result()
    assert scene.row(departures.STOPPED, got.video, sees=got.words) == departures.STOPPED


def test_a_connection_that_is_lost_without_a_sign(scene: Scene) -> None:
    """No end and no reset arrives: the client counts as there, and as answered."""
    body = json.dumps({"model": scene.model, "prompt": "it"}).encode()
    head = f"POST /v1/videos HTTP/1.1\r\nHost: {scene.proxy.url[7:]}\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", scene.proxy.port)) as lost:
        lost.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        scene.answered("created:")
        lost.recv(1, socket.MSG_PEEK)  # the answer has left, to nobody
        got = scene.ask(retry=1)
    assert scene.row(departures.HALF_OPEN, got.video, sees=got.words) == departures.HALF_OPEN


def test_a_refused_create_does_not_take_an_equal_one(scene: Scene) -> None:
    scene.account.plan(Operation.CREATE, faults.TOO_MANY, faults.HELD)
    assert scene.ask().status == 429
    with ThreadPoolExecutor() as pool:
        other = pool.submit(scene.ask)
        scene.runway.wait_seen(scene.account, Operation.CREATE, 2)
        again = pool.submit(scene.ask, retry=1)
        scene.runway.wait_seen(scene.account, Operation.CREATE, 3)
        scene.account.release()
        videos = other.result().video, again.result().video
    assert scene.row(departures.REFUSED_TWIN, *videos) == departures.REFUSED_TWIN


@needs_curl
def test_curls_own_retries(scene: Scene) -> None:
    scene.account.plan(Operation.CREATE, *[faults.RESET_AFTER_TASK] * 4)
    body = json.dumps({"model": scene.model, "prompt": "it"})
    before = len(lines_with(scene.proxy.log, "create refused, 502"))
    url = f"{scene.proxy.base_url}/videos"
    done = curl_command("--retry", "3", "--retry-delay", "1", "-d", body, url)
    last = done.stdout[done.stdout.rindex(b'{"error"') :]  # it shows the answers of all its tries
    error = json.loads(last)["error"]
    assert "new Idempotency-Key" in error["message"]

    def seen() -> int | None:
        tries = len(lines_with(scene.proxy.log, "create refused, 502")) - before
        return tries if tries >= 4 else None  # the last line may come after curl's end

    tries = until(seen, "the lines of all tries")
    assert scene.row(departures.CURL, sees=f"`502` {error['code']}, {tries} tries") == departures.CURL


def test_who_insists_with_a_new_idempotency_key(scene: Scene) -> None:
    scene.account.plan(Operation.CREATE, faults.RESET_AFTER_TASK)
    assert scene.ask().code == "outcome_unknown"
    assert scene.ask().code == "outcome_unknown"
    with Client(scene.proxy.base_url) as user:
        got = create(user, key="new", model=scene.model, prompt="it")
    assert scene.row(departures.INSISTS, got.video) == departures.INSISTS

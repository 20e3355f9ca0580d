"""The proxy is killed with -9 at each step and started again: its ids still serve their videos."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types import Video

from asking import free_port, until
from faulty import FaultyRunway, faults, kills
from faulty.accounts import Operation
from faulty.clients import Client, Got, create
from faulty.gateway import PICTURE, gateway, lines_with
from faulty.server import VIDEO
from faulty.table import Row
from running import Proxy

pytestmark = pytest.mark.slow

MODEL = "runway/any"
FILE = ("picture.png", PICTURE)
#: What must be the same before and after.
CONSTANT_KEYS = ("id", "object", "model", "seconds", "size", "created_at")


class Mortal:
    """A proxy that can be killed and started again, with the same configuration on the same port."""

    def __init__(self, folder: Path) -> None:
        self.runway = FaultyRunway()
        self.runway.__enter__()
        self.account = self.runway.account("any-a")
        self.port = free_port()
        self.folder = folder
        self.proxy = self._start()

    def _start(self) -> Proxy:
        return gateway(self.folder, self.runway, {"any": 1}, port=self.port).ready()

    def kill(self) -> None:
        """As the system does when memory is short."""
        self.proxy.kill()

    def restart(self) -> None:
        """As a supervisor does."""
        self.proxy = self._start()

    def client(self, **options: Any) -> Client:
        """A client of whichever proxy runs; with its retries, unless told otherwise."""
        return Client(self.proxy.base_url, **options)

    def ask(self, retry: int | None = None, retries: int = 0, **more: Any) -> Got:
        """One create."""
        with self.client(max_retries=retries) as user:
            return create(user, retry, model=MODEL, prompt="it", **more)

    def row(self, what: Row, *videos: str) -> Row:
        """What came of it."""
        return Row(what.what, what.asked, len(self.account.tasks), len({v for v in videos if v}), what.sees)

    def end(self) -> None:
        """Ends all."""
        self.proxy.kill()
        self.runway.__exit__(None, None, None)


@pytest.fixture
def mortal(folder: Callable[[], Path]) -> Iterator[Mortal]:
    """One for each test."""
    made = Mortal(folder())
    yield made
    made.end()


def create_video(mortal: Mortal) -> Video:
    """A video with marks of its own, as its create answered."""
    with mortal.client() as user:
        return user.videos.create(
            model=MODEL,
            prompt="it",
            size="1024x1792",
            seconds="7",  # type: ignore[arg-type]
        )


def lasting(video: Video) -> dict[str, object]:
    """What must not change."""
    return {name: getattr(video, name) for name in CONSTANT_KEYS}


def begun(mortal: Mortal, operation: Operation, pool: ThreadPoolExecutor, retries: int = 0) -> Future[Got]:
    """A create that Runway holds at that step."""
    file: dict[str, Any] = {"input_reference": FILE} if operation is Operation.STORE else {}
    mortal.account.plan(operation, faults.HELD)
    waiting = pool.submit(mortal.ask, retries=retries, **file)
    mortal.runway.wait_seen(mortal.account, operation)
    return waiting


def test_before_the_create_is_sent(mortal: Mortal) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = begun(mortal, Operation.STORE, pool)
        mortal.kill()
        assert waiting.result().code == "APIConnectionError"
    assert mortal.account.tasks == []
    mortal.restart()
    got = mortal.ask(retry=1, input_reference=FILE)
    assert mortal.row(kills.BEFORE, got.video) == kills.BEFORE


def test_after_the_create_was_sent(mortal: Mortal) -> None:
    """The stock client's own retries find nobody there; nothing can be said of the task."""
    with ThreadPoolExecutor() as pool:
        waiting = begun(mortal, Operation.CREATE, pool, retries=2)
        mortal.kill()
        got = waiting.result()
    assert (got.code, got.tries) == ("APIConnectionError", 3)
    assert mortal.row(kills.DURING, got.video) == kills.DURING


def test_after_the_create_was_sent_a_repeat_cannot_be_known(mortal: Mortal) -> None:
    """The limit that the table tells of: this process was not there when the first one came."""
    with ThreadPoolExecutor() as pool:
        waiting = begun(mortal, Operation.CREATE, pool)
        mortal.kill()
        assert waiting.result().code == "APIConnectionError"
    mortal.restart()
    assert mortal.ask(retry=1).video
    assert len(mortal.account.tasks) == 2
    assert "**A client that asks again" in kills.DURING.sees


def test_after_the_answer_has_left(mortal: Mortal) -> None:
    body = json.dumps({"model": MODEL, "prompt": "it"}).encode()
    host = f"127.0.0.1:{mortal.port}"
    head = f"POST /v1/videos HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", mortal.port)) as sock:
        sock.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        before = until(lambda: _whole(sock.recv(65_536, socket.MSG_PEEK)), "an answer")
        mortal.kill()
        assert _whole(sock.recv(65_536)) == before
    assert lines_with(mortal.proxy.log, "created:", f"task {mortal.account.tasks[0].id}")
    mortal.restart()
    with mortal.client() as user:
        after = user.videos.retrieve(before.id)
    assert lasting(after) == lasting(before)
    assert mortal.row(kills.ANSWERED, after.id) == kills.ANSWERED


def _whole(answer: bytes) -> Video | None:
    """The video in an answer that has come to its end."""
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    return Video.model_validate_json(body) if length and len(body) == int(length[1]) else None


def test_between_create_and_poll_download_and_delete(mortal: Mortal) -> None:
    before = create_video(mortal)
    assert (before.seconds, before.size, before.model) == ("7", "1024x1792", MODEL)
    for _ in range(2):
        mortal.kill()
        mortal.restart()
        with mortal.client() as user:
            after = user.videos.retrieve(before.id)
        assert lasting(after) == lasting(before)
    assert (after.status, after.progress, after.prompt) == ("completed", 100, None)
    assert mortal.row(kills.CREATED, after.id) == kills.CREATED
    mortal.kill()
    mortal.restart()
    with mortal.client() as user:
        assert user.videos.download_content(before.id).content == VIDEO
    mortal.kill()
    mortal.restart()
    with mortal.client() as user:
        assert user.videos.delete(before.id).deleted
    assert mortal.account.tasks[0].deleted


def test_during_the_download(mortal: Mortal) -> None:
    video = create_video(mortal)
    with mortal.client() as user:
        user.videos.retrieve(video.id)
        mortal.account.plan(Operation.FILE, faults.STALL)
        had = b""
        with user.videos.with_streaming_response.download_content(video.id) as answer:
            parts = answer.iter_bytes(4096)
            had += next(parts)
            mortal.kill()
            had += b"".join(_until_it_breaks(parts))
    assert 0 < len(had) < len(VIDEO)
    mortal.restart()
    with mortal.client() as user:
        rest = user.videos.download_content(video.id, extra_headers={"Range": f"bytes={len(had)}-"})
    assert had + rest.content == VIDEO
    assert mortal.row(kills.DOWNLOADING, video.id) == kills.DOWNLOADING


def _until_it_breaks(parts: Iterator[bytes]) -> Iterator[bytes]:
    """What still comes of a download that breaks off."""
    try:
        yield from parts
    except Exception:  # whichever the client's HTTP library has
        return
    pytest.fail("the download seems to be whole")


def test_during_the_deletion(mortal: Mortal) -> None:
    video = create_video(mortal)
    mortal.account.plan(Operation.DELETE, faults.HELD)
    with ThreadPoolExecutor() as pool, mortal.client(max_retries=0) as user:
        waiting = pool.submit(user.videos.delete, video.id)
        mortal.runway.wait_seen(mortal.account, Operation.DELETE)
        mortal.kill()
        with pytest.raises(openai.APIConnectionError):
            waiting.result()
    mortal.restart()
    with mortal.client() as user, pytest.raises(openai.NotFoundError):
        user.videos.delete(video.id)
    assert mortal.row(kills.DELETING, video.id) == kills.DELETING

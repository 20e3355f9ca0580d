"""Other traffic is never held up: event by event, megabyte by megabyte, memory flat."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator

import httpx
import pytest

from asking import finished, peak_memory, web
from origins import PATIENCE_SECONDS, Exchange, Origin
from running import Proxy

pytestmark = pytest.mark.slow

MEGABYTE = bytes(range(256)) * 4096
LARGEST_GROWTH = 32 << 20


@pytest.fixture(params=["as base URL", "as proxy"])
def client(request: pytest.FixtureRequest, plain: Proxy, origin: Origin) -> Iterator[httpx.Client]:
    """A client whose other calls arrive at the origin."""
    if request.param == "as base URL":
        with web(plain.url) as client:
            yield client
    else:
        with web(origin.url, proxy=plain.url) as client:
            yield client


@pytest.mark.parametrize("framed", ["chunked", "until it closes"])
def test_events_arrive_one_by_one(
    client: httpx.Client, plain: Proxy, origin: Origin, direct: httpx.Client, framed: str
) -> None:
    heard = threading.Semaphore(0)
    waited: list[bool] = []

    def chat(exchange: Exchange) -> None:
        headers = {"transfer_encoding": "chunked"} if framed == "chunked" else {"connection": "close"}
        exchange.begin(200, "text/event-stream", **headers)
        for number in range(5):
            data = b'data: {"n": %d}\n\n' % number
            if framed == "chunked":
                exchange.chunk(data)
            else:
                exchange.wfile.write(data)
            # The next one only leaves when the client has this one.
            waited.append(heard.acquire(timeout=PATIENCE_SECONDS))
        if framed == "chunked":
            exchange.chunk(b"")
        else:
            exchange.close_connection = True

    path = f"/v1/chat/{framed.replace(' ', '-')}"
    origin.routes[path] = chat
    with client.stream("POST", path, json={"stream": True}) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        lines = answer.iter_lines()
        events = []
        for line in lines:
            if line:
                events.append(line)
                # A video call beside it, while the stream stands.
                assert direct.post("/v1/videos", json={"prompt": "beside"}).status_code == 200
                heard.release()
    assert events == [f'data: {{"n": {number}}}' for number in range(5)]
    assert waited == [True] * 5


@pytest.mark.parametrize("framed", ["chunked", "of known length"])
def test_a_download_of_100_mb(
    client: httpx.Client, plain: Proxy, origin: Origin, direct: httpx.Client, framed: str
) -> None:
    begun = threading.Event()
    video = direct.post("/v1/videos", json={"prompt": "beside a download"}).json()["id"]

    def file(exchange: Exchange) -> None:
        if framed == "chunked":
            exchange.begin(200, "application/octet-stream", transfer_encoding="chunked")
            send: Callable[[bytes], object] = exchange.chunk
        else:
            exchange.begin(200, "application/octet-stream", content_length=str(100 * len(MEGABYTE)))
            send = exchange.wfile.write
        send(MEGABYTE)
        assert begun.wait(PATIENCE_SECONDS), "the first megabyte was held back"
        for _ in range(99):
            send(MEGABYTE)
        if framed == "chunked":
            exchange.chunk(b"")

    path = f"/file/{framed.replace(' ', '-')}"
    origin.routes[path] = file
    before = peak_memory(plain.child.pid, reset=True)
    digest = hashlib.sha256()
    with client.stream("GET", path) as answer:
        pieces = answer.iter_raw(1 << 20)
        digest.update(next(pieces))
        # The rest is not even sent, and videos are served.
        finished(direct, video)
        begun.set()
        for piece in pieces:
            digest.update(piece)
    assert digest.hexdigest() == hashlib.sha256(MEGABYTE * 100).hexdigest()
    assert peak_memory(plain.child.pid) - before < LARGEST_GROWTH


@pytest.mark.parametrize("framed", ["chunked", "of known length"])
def test_an_upload_of_another_kind(client: httpx.Client, plain: Proxy, origin: Origin, framed: str) -> None:
    count = 48
    headers = {} if framed == "chunked" else {"Content-Length": str(count * len(MEGABYTE))}
    before = peak_memory(plain.child.pid, reset=True)
    body = (MEGABYTE for _ in range(count))
    answer = client.post(f"/v1/files?{framed.partition(' ')[0]}", content=body, headers=headers)
    assert answer.json()["length"] == count * len(MEGABYTE)
    assert origin.requests.pop().body == MEGABYTE * count
    assert peak_memory(plain.child.pid) - before < LARGEST_GROWTH

"""Videos stream: whatever their length memory stays flat, and nobody waits for the last byte."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from asking import peak_memory, until, web
from bench import pattern
from bench.downloads import Downloads
from end_to_end.conftest import Folders, whole
from end_to_end.flat.store import Store, options
from origins import PATIENCE_SECONDS, Exchange
from running import ROOT, Process, Proxy, clean_environment

pytestmark = pytest.mark.slow

MIB = 1 << 20
LARGEST_GROWTH = 32 * MIB
# What may be on its way: buffers of the kernel on both connections, and mitmproxy's.
MOST_ON_THE_WAY = 48 * MIB


@contextmanager
def serving(folder: Folders, store: Store) -> Iterator[tuple[Proxy, str]]:
    """A proxy in front of the store, and the path of its video's content."""
    with Proxy(folder(), **store.options()) as proxy, web(proxy.url) as client:
        yield proxy, _content(client.post("/v1/videos", json={"prompt": "a file"}).json()["id"])
        whole(proxy)


def _content(video_id: str) -> str:
    return f"/v1/videos/{video_id}/content"


@pytest.mark.parametrize(("at_once", "size"), [(1, 1 << 30), (8, 96 * MIB)], ids=["1 GiB", "eight"])
def test_memory_stays_flat(folder: Folders, tmp_path: Path, at_once: int, size: int) -> None:
    command = ["-m", "bench.origin", "--file-bytes", str(size)]
    env = clean_environment({"PYTHONPATH": str(ROOT / "tests")})
    with ExitStack() as stack:
        # In a process of its own: it shares the processor, not the interpreter.
        origin = Process([sys.executable, *command], env, tmp_path)
        stack.callback(origin.kill)
        url = origin.wait_for(r"^http://\S+$")[0]
        proxy = stack.enter_context(Proxy(folder(), **options(url)))
        client = stack.enter_context(web(proxy.url))
        path = _content(client.post("/v1/videos", json={"prompt": "large"}).json()["id"])
        client.get(path, headers={"Range": "bytes=0-99999"})
        before = peak_memory(proxy.child.pid, reset=True)
        downloaded = Downloads(proxy.url + path, size).run(at_once, 1)
        assert (downloaded.files, downloaded.bad, downloaded.received) == (at_once, 0, at_once * size)
        assert peak_memory(proxy.child.pid) - before <= LARGEST_GROWTH
        whole(proxy)


@pytest.mark.parametrize("at_once", [1, 8])
def test_the_first_byte_comes_before_the_last_has_arrived(folder: Folders, at_once: int) -> None:
    size, begun = 4 * MIB, threading.Event()

    def halt(exchange: Exchange) -> None:
        store.send(exchange, 0, 1000)
        # The rest leaves the store only when every client has its beginning.
        assert begun.wait(PATIENCE_SECONDS), "the beginning was held back"
        store.send(exchange, 1000, size)

    store = Store(size, halt)
    with store, serving(folder, store) as (proxy, path), web(proxy.url) as client, ExitStack() as stack:
        answers = [stack.enter_context(client.stream("GET", path)) for _ in range(at_once)]
        pieces = [answer.iter_raw() for answer in answers]
        beginnings = [next(each) for each in pieces]
        assert all(beginning == pattern.piece(0, len(beginning)) for beginning in beginnings)
        # The proxy serves others meanwhile.
        assert client.get(path.removesuffix("/content")).json()["status"] == "completed"
        begun.set()
        for beginning, rest in zip(beginnings, pieces, strict=True):
            content = beginning + b"".join(rest)
            assert len(content) == size
            assert content[-1000:] == pattern.piece(size - 1000, 1000)


def test_a_client_that_stops_reading_stops_the_upstream_read(folder: Folders) -> None:
    size, sent = 512 * MIB, [0]

    def count(exchange: Exchange) -> None:
        for start in range(0, size, MIB):
            store.send(exchange, start, start + MIB)
            sent[0] = start + MIB

    store = Store(size, count)
    with store, serving(folder, store) as (proxy, path), web(proxy.url) as client:
        client.get(path, headers={"Range": "bytes=0-0"})
        before = peak_memory(proxy.child.pid, reset=True)
        with _asked(proxy, path) as reader:
            reader.recv(1)
            until(lambda: _stands(client, path, sent), "the upstream read to stop")
            assert sent[0] <= MOST_ON_THE_WAY
            # It is held up, not broken off: what is missing comes when it is wanted.
            received = 1
            while data := reader.recv(MIB):
                received += len(data)
        assert sent[0] == size
        assert received > size
        assert peak_memory(proxy.child.pid) - before <= LARGEST_GROWTH


def _stands(client: httpx.Client, path: str, sent: list[int]) -> bool | None:
    """Whether nothing more is sent while the proxy answers others: it has the time to read on."""
    before = sent[0]
    for _ in range(30):
        client.get(path.removesuffix("/content"))
    return True if sent[0] == before > 0 else None


@pytest.mark.parametrize("store_is", ["sending", "silent"])
def test_a_client_that_leaves_frees_all(folder: Folders, store_is: str) -> None:
    size, flowing, ended = 512 * MIB, threading.Event(), threading.Event()

    def send(exchange: Exchange) -> None:
        store.send(exchange, 0, MIB)
        flowing.set()
        try:
            if store_is == "sending":
                store.send(exchange, MIB, size)
            elif exchange.connection.recv(1) == b"":
                ended.set()
        except OSError:
            ended.set()

    store = Store(size, send)
    with store, serving(folder, store) as (proxy, path):
        before = _sockets(proxy)
        with _asked(proxy, path) as reader:
            reader.recv(1)
            assert flowing.wait(PATIENCE_SECONDS)
            assert not ended.is_set()
        assert ended.wait(PATIENCE_SECONDS), "the connection to the store is still open"
        until(lambda: True if _sockets(proxy) <= before else None, "all connections to be closed")


@contextmanager
def _asked(proxy: Proxy, path: str) -> Iterator[socket.socket]:
    """A connection on which the content was asked for; at the end it is closed."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        yield connection


def _sockets(proxy: Proxy) -> int:
    """How many sockets the proxy has open."""
    folder = Path(f"/proc/{proxy.child.pid}/fd")
    if not folder.exists():
        pytest.skip("there is no /proc here to count a process's sockets in")
    count = 0
    for entry in folder.iterdir():
        try:
            count += "socket:" in str(entry.readlink())
        except FileNotFoundError:
            continue  # closed meanwhile
    return count

"""A thousand held polls: what they cost Runway, what they cost in memory, and how they end."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from asking import PATIENCE_SECONDS, peak_memory, until, web
from end_to_end.conftest import Folders, whole
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

POLL_SECONDS = 1
LARGEST_GROWTH = 20 << 20


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    """Its videos are not done before the tests are."""
    with SandboxServer(seconds=600) as sandbox_server:
        yield sandbox_server


@pytest.fixture
def proxy(folder: Folders, sandbox: SandboxServer) -> Iterator[Proxy]:
    with Proxy(folder(), **{**sandbox.options(), "runway_poll_seconds": POLL_SECONDS}) as proxy:
        yield proxy
        if proxy.child.poll() is None:
            whole(proxy)


class Crowd:
    """Many clients, each with a connection that has served it once already."""

    def __init__(self, proxy: Proxy, sandbox: SandboxServer, clients: int) -> None:
        self._proxy = proxy
        self._sandbox = sandbox
        self._stack = ExitStack()
        with web(proxy.url) as creator:
            self.video_id: str = creator.post("/v1/videos", json={"prompt": "awaited"}).json()["id"]
        self._clients = [
            self._stack.enter_context(
                socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_SECONDS)
            )
            for _ in range(clients)
        ]
        for client in self._clients:
            self._send(client)
            assert _is_video(client)

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def hold(self) -> None:
        """All ask to be held."""
        for client in self._clients:
            self._send(client, "Prefer: wait=60\r\n")
        # Whoever is answered now came after them all: the proxy takes requests in their order.
        with web(self._proxy.url) as last:
            assert last.get(f"/v1/videos/{self.video_id}").status_code == 200

    def answers(self) -> int:
        """How many are answered, each with the video."""
        return sum(_is_video(client) for client in self._clients)

    def leave(self) -> None:
        """All hang up."""
        self._stack.close()

    def asked(self) -> int:
        """How often Runway was asked for the video."""
        return len(self._sandbox.seen("GET", "/v1/tasks/"))

    def _send(self, client: socket.socket, header: str = "") -> None:
        request = f"GET /v1/videos/{self.video_id} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n"
        client.sendall(request.encode())


def _is_video(client: socket.socket) -> bool:
    answer = b""
    # An answer's head and its body may come apart.
    while b'"object":"video"' not in answer:
        try:
            piece = client.recv(65_536)
        except OSError:
            return False
        if not piece:
            return False
        answer += piece
    return True


def test_they_cost_as_many_calls_as_one_and_little_memory_and_all_hear_of_the_end(
    proxy: Proxy, sandbox: SandboxServer
) -> None:
    with Crowd(proxy, sandbox, 1000) as crowd:
        before, began = peak_memory(proxy.child.pid, reset=True), time.monotonic()
        asked = crowd.asked()
        crowd.hold()
        until(lambda: True if crowd.asked() >= asked + 3 else None, "three questions")
        # As many as the time that it took allows, and the first.
        assert crowd.asked() - asked <= 1 + (time.monotonic() - began) / POLL_SECONDS
        # Beyond what mitmproxy holds of an open connection.
        assert peak_memory(proxy.child.pid) - before <= LARGEST_GROWTH
        proxy.child.terminate()
        assert crowd.answers() == 1000
        assert proxy.wait() == 0


def test_clients_that_hang_up_free_their_waits(proxy: Proxy, sandbox: SandboxServer) -> None:
    with Crowd(proxy, sandbox, 50) as crowd:
        crowd.hold()
        crowd.leave()

        def is_quiet() -> bool | None:
            before = crowd.asked()
            time.sleep(2 * POLL_SECONDS)
            return True if crowd.asked() == before else None

        until(is_quiet, "the end of questions for nobody")

"""What never reached Runway: safe to send again."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import NoReturn

import pytest

from runway_videos.upstream.client import NotSentError, RunwayClient
from runway_videos.upstream.timeouts import Timeouts
from unit.certificates import untrusted
from unit.loopback import Asked, Loopback, always, loopback, respond, run
from unit.upstream.client_calls import Ask, create, get, outcome, probe, put, using

EVERY = pytest.mark.parametrize("ask", [create, get, put, probe])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@EVERY
def test_refused_connection_is_not_sent(ask: Ask) -> None:
    found = outcome(ask, f"http://127.0.0.1:{free_port()}")
    assert isinstance(found, NotSentError)
    assert str(found) == "Runway cannot be reached (connection refused)"


class NamelessLoop(asyncio.SelectorEventLoop):
    """A loop in a network without any name."""

    async def getaddrinfo(self, *args: object, **options: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@EVERY
def test_a_host_name_that_does_not_resolve_is_not_sent(ask: Ask) -> None:
    found = outcome(ask, "https://api.runway.example", loop_factory=NamelessLoop)
    assert isinstance(found, NotSentError)
    assert str(found) == "Runway cannot be reached (name not known)"


@EVERY
def test_untrusted_certificate_is_not_sent(ask: Ask, tmp_path: Path) -> None:
    async def start() -> list[Asked]:
        async with loopback(always(), untrusted(tmp_path)) as server:
            api = RunwayClient(server.url)
            with pytest.raises(NotSentError, match=r"\(its certificate is not trusted\)$"):
                await ask(api, server.url)
            await api.close()
            assert server.connections == 0 or not server.asked
            return server.asked

    assert run(start) == []


def test_server_without_tls_is_not_sent() -> None:
    async def start() -> list[Asked]:
        async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"SSH-2.0-x\r\n")

        server = await asyncio.start_server(say, "127.0.0.1", 0)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        api = RunwayClient(url)
        with pytest.raises(NotSentError, match=r"^Runway cannot be reached \(it speaks no TLS\)$"):
            await create(api, url)
        await api.close()
        server.close()
        return []

    run(start)


def test_connect_timeout_is_not_sent() -> None:
    short = Timeouts(connect=0.05)
    with socket.socket() as full:
        # A queue that is full: further connections are neither taken nor refused.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for each in fillers:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        found = outcome(create, f"http://127.0.0.1:{full.getsockname()[1]}", timeouts=short)
        for each in fillers:
            each.close()
    assert isinstance(found, NotSentError)
    assert str(found) == "Runway cannot be reached (no connection in time)"


@pytest.mark.parametrize(
    "url", ["", "x", "http://", "http://[::1", "http://a:99999", "ftp://x/y", "http://ä\0"]
)
def test_impossible_url_is_not_sent(url: str) -> None:
    assert isinstance(outcome(put, url), NotSentError)
    assert isinstance(outcome(probe, url), NotSentError)


@pytest.mark.parametrize("status", [403, 407, 502, 503, 504])
def test_proxy_that_opens_no_tunnel_is_not_sent(status: int) -> None:
    async def start() -> tuple[Exception, list[Asked]]:
        async with loopback(always(respond(status, b"no"))) as proxy:
            api = RunwayClient("https://api.runway.example", proxy.url)
            with pytest.raises(NotSentError) as caught:
                await create(api, "")
            await api.close()
            return caught.value, proxy.asked

    found, asked = run(start)
    assert [each.method for each in asked] == ["CONNECT"]
    assert "authorization" not in asked[0].headers
    assert str(status) in str(found)


def test_unreachable_proxy_is_not_sent() -> None:
    dead = f"http://127.0.0.1:{free_port()}"
    assert isinstance(outcome(create, "https://api.runway.example", dead), NotSentError)
    assert isinstance(outcome(create, "http://api.runway.example", dead), NotSentError)


def test_a_client_that_is_closed_says_so_in_its_own_words() -> None:
    async def use(api: RunwayClient, server: Loopback) -> None:
        await api.close()
        with pytest.raises(NotSentError, match="are closed"):
            await create(api, server.url)

    assert using(use).asked == []

"""Over which connections calls go: a create over its own, none over what the environment names."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from runway_videos.upstream.client import RunwayClient
from unit.loopback import Asked, Loopback, always, loopback, respond, run
from unit.upstream.client_calls import KEY, TASK, all_calls, using

pytestmark = pytest.mark.dependencies

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")


def test_a_create_has_a_connection_of_its_own_and_the_rest_share() -> None:
    async def use(api: RunwayClient, server: Loopback) -> None:
        for _ in range(3):
            await api.create(KEY, "/v1/text_to_video", b"{}")
            await api.get_task(KEY, TASK)
            await api.delete_task(KEY, TASK)
        await asyncio.gather(*(api.create(KEY, "/v1/image_to_video", b"{}") for _ in range(5)))

    server = using(use)
    creates = [call.connection for call in server.asked if call.method == "POST"]
    others = [call.connection for call in server.asked if call.method != "POST"]
    assert len(creates) == len(set(creates)) == 8
    assert len(others) == 6
    assert len(set(others)) == 1
    assert not set(creates) & set(others)
    assert server.connections == 9


def test_a_creates_connection_is_closed_when_it_has_its_answer() -> None:
    async def use(api: RunwayClient, server: Loopback) -> None:
        await api.create(KEY, "/v1/text_to_video", b"{}")
        async with asyncio.timeout(5):
            await server.idle.wait()

    assert using(use).connections == 1


def test_many_calls_at_once_wait_for_no_connection() -> None:
    async def use(api: RunwayClient, server: Loopback) -> None:
        await asyncio.gather(*(api.get_task(KEY, TASK) for _ in range(60)))

    together = asyncio.Event()

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        arrived.append(asked)
        if len(arrived) == 60:
            together.set()
        await together.wait()  # nobody is served before all are there
        writer.write(respond())

    arrived: list[Asked] = []
    assert using(use, answer).connections == 60


@pytest.mark.parametrize("name", PROXIES)
def test_the_environments_proxy_is_never_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append("connected")
        writer.close()

    async def start() -> None:
        trap = await asyncio.start_server(never, "127.0.0.1", 0)
        monkeypatch.setenv(name, f"http://127.0.0.1:{trap.sockets[0].getsockname()[1]}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        async with loopback(always()) as server:
            api = RunwayClient(server.url)
            await all_calls(api, server)
            await api.close()
            assert len(server.asked) == 7
        trap.close()

    run(start)
    assert seen == []


def test_a_netrc_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    asked = using(all_calls).asked
    assert asked[1].headers["authorization"] == "Bearer key_hush"
    assert "authorization" not in asked[5].headers


def test_the_proxy_that_is_set_is_used() -> None:
    async def start() -> list[Asked]:
        async with loopback(always()) as proxy:
            api = RunwayClient("http://api.runway.example", proxy.url)
            await api.create(KEY, "/v1/text_to_video", b"{}")
            await api.get_task(KEY, TASK)
            await api.probe("http://files.example/x.mp4")
            await api.close()
            return proxy.asked

    targets = [call.target for call in run(start)]
    assert targets == [
        "http://api.runway.example/v1/text_to_video",
        f"http://api.runway.example/v1/tasks/{TASK}",
        "http://files.example/x.mp4",
    ]


def test_cookies_of_one_keys_answer_do_not_go_along_with_anothers() -> None:
    async def use(api: RunwayClient, server: Loopback) -> None:
        for _ in range(2):
            await all_calls(api, server)

    answer = always(respond(200, b"{}", "set-cookie: session=of-team-a; Path=/"))
    assert not any("cookie" in call.headers for call in using(use, answer).asked)

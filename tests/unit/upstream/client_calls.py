"""Calls to Runway for tests: a client of a server on loopback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from runway_videos.keys.pool import Key
from runway_videos.upstream.client import NotSentError, Reply, RunwayClient, UnknownOutcomeError
from runway_videos.upstream.timeouts import Timeouts
from unit.loopback import Answer, Loopback, always, loopback, run

KEY = Key("team-a", "key_hush", on_behalf_of="org-1")
TASK = "3f2b8a10-1c2d-4e5f-8a9b-0123456789ab"

type Ask = Callable[[RunwayClient, str], Awaitable[object]]
type Use = Callable[[RunwayClient, Loopback], Awaitable[None]]


def using(use: Use, answer: Answer | None = None, timeouts: Timeouts | None = None) -> Loopback:
    """Runs `use` with a client of a server on loopback; gives the server."""

    async def start() -> Loopback:
        async with loopback(answer or always()) as server:
            api = RunwayClient(server.url, timeouts=timeouts)
            try:
                await use(api, server)
            finally:
                await api.close()
            return server

    return run(start)


async def all_calls(api: RunwayClient, server: Loopback) -> None:
    """One of each kind."""
    await api.create(KEY, "/v1/text_to_video", b'{"model":"gen4.5"}')
    await api.get_task(KEY, TASK)
    await api.delete_task(KEY, TASK)
    await api.open_upload(KEY, "frame.png")
    await api.put_file(f"{server.url}/bucket", {"key": "k"}, "frame.png", "image/png", b"PNG")
    await api.probe(f"{server.url}/file.mp4?Signature=s")
    await api.get_organization(KEY)


async def create(api: RunwayClient, url: str) -> Reply:
    return await api.create(KEY, "/v1/text_to_video", b"{}")


async def get(api: RunwayClient, url: str) -> Reply:
    return await api.get_task(KEY, TASK)


async def organization(api: RunwayClient, url: str) -> Reply:
    return await api.get_organization(KEY)


async def slot(api: RunwayClient, url: str) -> Reply:
    return await api.open_upload(KEY, "a.png")


async def delete(api: RunwayClient, url: str) -> Reply:
    return await api.delete_task(KEY, TASK)


async def put(api: RunwayClient, url: str) -> Reply:
    return await api.put_file(f"{url}/bucket", {}, "a.png", "image/png", b"PNG")


async def probe(api: RunwayClient, url: str) -> int:
    return await api.probe(f"{url}/x.mp4")


def outcome(ask: Ask, url: str, proxy: str | None = None, timeouts: Timeouts | None = None) -> Exception:
    """What a call raises; it must be one of the two."""

    async def start() -> Exception:
        api = RunwayClient(url, proxy, timeouts)
        with pytest.raises((NotSentError, UnknownOutcomeError)) as caught:
            await ask(api, url)
        await api.close()
        return caught.value

    found = run(start)
    assert "key_hush" not in str(found)
    assert "key_hush" not in repr(found.__cause__)
    assert "\n" not in str(found)
    return found


def outcome_with(answer: Answer, ask: Ask = create, timeouts: Timeouts | None = None) -> Exception:
    found: list[Exception] = []

    async def use(api: RunwayClient, server: Loopback) -> None:
        with pytest.raises((NotSentError, UnknownOutcomeError)) as caught:
            await ask(api, server.url)
        found.append(caught.value)

    server = using(use, answer, timeouts)
    assert len(server.asked) <= 1  # nothing is sent twice down here
    return found[0]

"""The service without mitmproxy, and a client that retries as the stock ones: for cheap tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from faulty.accounts import Operation
from faulty.server import FaultyRunway
from runway_videos.config.settings import Settings
from runway_videos.errors import ApiError
from runway_videos.idempotency.creates import Creates
from runway_videos.keys.pool import Key
from runway_videos.openai.messages import Answer, Call
from runway_videos.openai.routes import find
from runway_videos.operations.creates import Created
from runway_videos.service import Service
from runway_videos.upstream.client import RunwayClient
from runway_videos.upstream.timeouts import Timeouts

#: What the stock clients send again unless they are told not to.
_SENT_AGAIN = frozenset({408, 409, 429})


def service_for(
    runway: FaultyRunway,
    keys: int = 1,
    creates: Creates[Created] | None = None,
    connect: Callable[[str, str | None, Timeouts], RunwayClient] = RunwayClient,
) -> Service:
    """A service with keys named after letters, which are their values too; it waits for nothing."""
    return Service(
        Settings(
            keys=tuple(Key(name, name) for name in "abcd"[:keys]),
            base_url=runway.url,
            proxy=None,
            aliases=(("sora-2*", ("seedance2",)),),
            hosts=(),
            fallback=None,
            callers=(),
            forward=False,
            sandbox=False,
            poll_seconds=0,
            content="stream",
            max_body=1 << 20,
            lean=False,
            id_secrets=(),
            warnings=(),
        ),
        connect=connect,
        timeouts=Timeouts(first_wait=0.0),
        creates=creates,
    )


def create_call(prompt: str, headers: Mapping[str, str] = {}, gone: bool = False) -> Call:
    """A create as the addon passes it to the service."""
    route = find("POST", "/v1/videos")
    assert route is not None
    body = msgspec.json.encode({"prompt": prompt})
    sent = {"content-type": "application/json", **headers}
    return Call(route, {}, sent, body, "", lambda: gone)


async def ask(service: Service, call: Call) -> str | ApiError:
    """The video's id, or the refusal."""
    try:
        answer = await service.handle(call)
    except ApiError as error:
        return error
    assert isinstance(answer, Answer)
    video: str = msgspec.json.decode(answer.body)["id"]
    return video


async def stock_create(
    service: Service, prompt: str, *, key: str | None = None, first_try: int = 0
) -> str | None:
    """A create as the stock clients make it, with their two automatic retries: the id or None."""
    for tried in range(first_try, 3):
        headers = {"x-stainless-retry-count": str(tried)}
        if key is not None:
            headers["idempotency-key"] = key
        got = await ask(service, create_call(prompt, headers))
        if isinstance(got, str):
            return got
        again = got.status >= 500 or got.status in _SENT_AGAIN
        if not (again if got.retry is None else got.retry):
            break
    return None


async def leaving_create(
    service: Service, runway: FaultyRunway, prompt: str, gone: bool = True
) -> asyncio.Task[str | ApiError]:
    """A create that Runway works on. Its client has hung up, unless it is not `gone`."""
    account = runway.account("a")
    before = account.seen[Operation.CREATE]
    task = asyncio.create_task(ask(service, create_call(prompt, gone=gone)))
    await asyncio.to_thread(runway.wait_seen, account, Operation.CREATE, before + 1)
    return task

"""The service without mitmproxy, and a client that retries as the stock ones: for cheap tests."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Mapping

import msgspec

from faulty.accounts import Operation
from faulty.paid import Paid
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


_CLIP = "data:video/mp4;base64," + b64encode(b"\0\0\0\x18ftypisom" + bytes(600)).decode()
# Path and fields of each paid call; SOURCE is the id of the video that it is of.
_CALLS: Mapping[Paid, tuple[str, dict[str, object]]] = {
    Paid.CREATE: ("", {}),
    Paid.REMIX: ("/SOURCE/remix", {}),
    Paid.EDIT: ("/edits", {"video": _CLIP, "model": "seedance2"}),
    Paid.EXTEND: ("/extensions", {"video": {"id": "SOURCE"}, "seconds": "4"}),
}


class PaidService:
    """The service, asked for one kind of paid call, of the video `source` where it is of one."""

    def __init__(self, service: Service, paid: Paid = Paid.CREATE, source: str = "") -> None:
        self.service = service
        self._paid = paid
        self._source = source

    def call(self, prompt: str, headers: Mapping[str, str] = {}, gone: bool = False) -> Call:
        """A call as the addon passes it to the service."""
        path, fields = _CALLS[self._paid]
        route = find("POST", f"/v1/videos{path.replace('SOURCE', self._source)}")
        assert route is not None
        body = msgspec.json.encode({"prompt": prompt, **fields})
        sent = {"content-type": "application/json", **headers}
        return Call(route, {}, sent, body.replace(b"SOURCE", self._source.encode()), "", lambda: gone)


async def made_from(service: Service, runway: FaultyRunway, paid: Paid) -> PaidService:
    """The service for a kind of call, with a finished video that it is of."""
    if not paid.by_id:
        return PaidService(service, paid)
    creating = PaidService(service)
    source = await ask(creating, creating.call("a source"))
    assert isinstance(source, str)
    (task,) = runway.tasks("a source")
    task.asked = 1  # from the next question on it is finished
    return PaidService(service, paid, source)


async def ask(proxy: PaidService, call: Call) -> str | ApiError:
    """The video's id, or the refusal."""
    try:
        answer = await proxy.service.handle(call)
    except ApiError as error:
        return error
    assert isinstance(answer, Answer)
    video: str = msgspec.json.decode(answer.body)["id"]
    return video


async def stock_create(
    proxy: PaidService, prompt: str, *, key: str | None = None, first_try: int = 0
) -> str | None:
    """A call as the stock clients make it, with their two automatic retries: the id or None."""
    for tried in range(first_try, 3):
        headers = {"x-stainless-retry-count": str(tried)}
        if key is not None:
            headers["idempotency-key"] = key
        got = await ask(proxy, proxy.call(prompt, headers))
        if isinstance(got, str):
            return got
        again = got.status >= 500 or got.status in _SENT_AGAIN
        if not (again if got.retry is None else got.retry):
            break
    return None


async def leaving_create(
    proxy: PaidService, runway: FaultyRunway, prompt: str, gone: bool = True
) -> asyncio.Task[str | ApiError]:
    """A call that Runway works on. Its client has hung up, unless it is not `gone`."""
    account = runway.account("a")
    before = account.seen[Operation.CREATE]
    task = asyncio.create_task(ask(proxy, proxy.call(prompt, gone=gone)))
    await asyncio.to_thread(runway.wait_seen, account, Operation.CREATE, before + 1)
    return task

"""The httpx client to Runway: one method a call, no policy. Which key and how often is decided above.

A create goes over a connection of its own: a pooled one that died cannot be told from a lost answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from runway_videos.keys.pool import Key
from runway_videos.upstream.memory_file import MemoryFile
from runway_videos.upstream.replies import NotSentError as NotSentError
from runway_videos.upstream.replies import Reply as Reply
from runway_videos.upstream.replies import UnknownOutcomeError as UnknownOutcomeError
from runway_videos.upstream.replies import retry_after_of
from runway_videos.upstream.timeouts import Timeouts
from runway_videos.upstream.unreached import why_lost, why_unreached

#: Runway's API version (the SDK's default header).
VERSION = "2024-11-06"

#: Answers are small JSON; more than this is not read.
LARGEST_ANSWER = 1 << 20
#: Bytes of a file that are held at once.
FILE_PART = 1 << 20
#: A key's value is at least that long; replacing a shorter one would break answers.
SHORTEST_KEY = 6

# These alone mean that the request never left: everything else is an unknown outcome. A proxy's
# refusal is one of them, the tunnel to Runway was never made.
_NOT_SENT = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout),
    *(httpx.ProxyError, httpx.UnsupportedProtocol),
)


class RunwayClient:
    """Calls to Runway. Raises NotSentError and UnknownOutcomeError, nothing else.

    In every reply to a call with a key, the key's value is replaced: Runway may repeat it.
    """

    def __init__(
        self,
        base_url: str,
        proxy: str | None = None,
        timeouts: Timeouts | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`transport` sends the requests in place of httpx's own, which `proxy` is for."""
        self._base = base_url
        self._timeouts = timeouts or Timeouts()
        self._one_create = httpx.Timeout(self._timeouts.create, connect=self._timeouts.connect)
        # One context: making one costs tens of milliseconds. The environment's proxy is never
        # used, or the key would travel through whatever HTTPS_PROXY names, this proxy included.
        context = httpx.create_ssl_context(trust_env=False)
        default = httpx.Timeout(self._timeouts.read, connect=self._timeouts.connect)
        self._pooled = _client(context, proxy, default, transport, keepalive=32)
        self._fresh = _client(context, proxy, default, transport, keepalive=0)

    async def create(self, key: Key, path: str, body: bytes) -> Reply:
        """Sends a create, once."""
        headers = {"Content-Type": "application/json", **_headers(key)}
        if key.on_behalf_of:
            # Reseller accounts must say for whom (X-Runway-On-Behalf-Of, task creation only).
            headers["X-Runway-On-Behalf-Of"] = key.on_behalf_of
        url = self._base + path
        sending = _send(self._fresh, "POST", url, headers=headers, content=body, timeout=self._one_create)
        return _masked(await _within(self._timeouts.create, sending), key)

    async def get_task(self, key: Key, task: str) -> Reply:
        """Asks for a task."""
        return await self._call(key, "GET", f"/v1/tasks/{quote(task, safe='')}")

    async def delete_task(self, key: Key, task: str) -> Reply:
        """Cancels or deletes a task."""
        return await self._call(key, "DELETE", f"/v1/tasks/{quote(task, safe='')}")

    async def get_organization(self, key: Key) -> Reply:
        """Asks for credits and limits of the key's organisation; costs nothing."""
        return await self._call(key, "GET", "/v1/organization")

    async def get_usage(self, key: Key, start: str, before: str) -> Reply:
        """Asks for the credits of each day (YYYY-MM-DD, UTC) until before `before`; costs nothing."""
        body = {"startDate": start, "beforeDate": before}
        return await self._call(key, "POST", "/v1/organization/usage", body)

    async def open_upload(self, key: Key, filename: str) -> Reply:
        """Asks for a place to put a file, valid for 24 hours."""
        body = {"filename": filename, "type": "ephemeral"}
        return await self._call(key, "POST", "/v1/uploads", body)

    async def put_file(
        self,
        url: str,
        fields: Mapping[str, str],
        filename: str,
        mime: str,
        data: bytes | memoryview,
    ) -> Reply:
        """Puts a file where `open_upload` said; without authorization, `file` as the last part."""
        file = (filename, MemoryFile(data), mime)
        sending = _send(
            self._fresh, "POST", url, data=dict(fields), files={"file": file}, timeout=self._one_create
        )
        return await _within(self._timeouts.upload_of(len(data)), sending)

    async def probe(self, url: str) -> int:
        """The file store's status for the first byte of a file. No credentials are sent."""
        beginning = _begin(self._pooled, "GET", url, headers={"Range": "bytes=0-0"})
        response = await _within(self._timeouts.connect + self._timeouts.read, beginning)
        with contextlib.suppress(httpx.HTTPError):
            await response.aclose()
        return response.status_code

    async def read_file(self, url: str, write: Callable[[bytes], Awaitable[None]]) -> None:
        """Gives a file of the file store to `write`, in parts of at most FILE_PART, without credentials."""
        await _within(self._timeouts.video, self._read_file(url, write))

    async def close(self) -> None:
        """Closes all connections."""
        await self._pooled.aclose()
        await self._fresh.aclose()

    async def _read_file(self, url: str, write: Callable[[bytes], Awaitable[None]]) -> None:
        response = await _begin(self._fresh, "GET", url, headers={"Accept-Encoding": "identity"})
        try:
            if response.status_code != 200:
                raise UnknownOutcomeError(f"HTTP {response.status_code}")
            async for part in response.aiter_raw(FILE_PART):
                await write(part)
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise _outcome(error) from error
        finally:
            await response.aclose()

    async def _call(self, key: Key, method: str, path: str, body: dict[str, str] | None = None) -> Reply:
        sending = _send(self._pooled, method, self._base + path, headers=_headers(key), json=body)
        return _masked(await _within(self._timeouts.connect + self._timeouts.read, sending), key)


def _client(
    context: ssl.SSLContext,
    proxy: str | None,
    timeout: httpx.Timeout,
    transport: httpx.AsyncBaseTransport | None,
    keepalive: int,
) -> httpx.AsyncClient:
    client = httpx.AsyncClient(
        verify=context,
        proxy=proxy,
        trust_env=False,
        follow_redirects=False,
        timeout=timeout,
        transport=transport,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=keepalive),
        headers={"User-Agent": "runway-videos"},
    )
    # What is set with one key's answer must not go along with another's.
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    return client


def _headers(key: Key) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {key.value}",
        "X-Runway-Version": VERSION,
        "Accept": "application/json",
    }


async def _begin(client: httpx.AsyncClient, method: str, url: str, **content: Any) -> httpx.Response:
    """Sends a request and gives the answer before its body."""
    if client.is_closed:
        raise NotSentError("the connections to Runway are closed")
    try:
        request = client.build_request(method, url, **content)
    except (httpx.InvalidURL, ValueError) as error:
        raise NotSentError(why_unreached(error)) from error
    try:
        return await client.send(request, stream=True)
    except (httpx.HTTPError, ValueError) as error:
        raise _outcome(error) from error


async def _send(client: httpx.AsyncClient, method: str, url: str, **content: Any) -> Reply:
    response = await _begin(client, method, url, **content)
    try:
        try:
            body = b"".join([part async for part in _limited(response)])
        finally:
            await response.aclose()
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise _outcome(error) from error
    headers = response.headers
    return Reply(response.status_code, body, retry_after_of(headers.get("retry-after"), headers.get("date")))


def _masked(reply: Reply, key: Key) -> Reply:
    """The reply without the key's value, as it is and as JSON may write it."""
    if len(key.value) < SHORTEST_KEY:
        return reply
    body = reply.body
    for written in {key.value, msgspec.json.encode(key.value)[1:-1].decode()}:
        body = body.replace(written.encode(), "…".encode())
    return msgspec.structs.replace(reply, body=body)


async def _within[T](seconds: float, sending: Awaitable[T]) -> T:
    """A whole answer within the time: httpx's own limits begin again with each byte."""
    try:
        async with asyncio.timeout(seconds):
            return await sending
    except TimeoutError as error:
        raise UnknownOutcomeError("no whole answer in time", timed_out=True) from error


async def _limited(response: httpx.Response) -> AsyncIterator[bytes]:
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > LARGEST_ANSWER:
            raise httpx.DecodingError("the answer is too large", request=response.request)
        yield part


def _outcome(error: Exception) -> NotSentError | UnknownOutcomeError:
    if isinstance(error, _NOT_SENT):
        return NotSentError(why_unreached(error))
    return UnknownOutcomeError(why_lost(error), timed_out=isinstance(error, httpx.TimeoutException))

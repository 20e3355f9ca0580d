"""Sends events over HTTP: once, without redirects, cookies and the environment's proxy."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy

import httpx

#: A delivery as a whole; an answer's body is not read.
SEND_SECONDS = 15.0


class WebhookClient:
    """The connections to all webhooks. `transport` sends the requests in place of httpx's own."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=SEND_SECONDS,
            transport=transport,
            headers={"User-Agent": "runway-videos"},
        )
        self._client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> str:
        """Sends an event; gives what is wrong, "" where it was taken."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                request = self._client.build_request("POST", url, headers=dict(headers), content=body)
                response = await self._client.send(request, stream=True)
        except TimeoutError:
            return "no answer in time"
        except Exception as error:  # whatever it is, the event was not taken
            return type(error).__name__  # its text may hold the whole address
        with contextlib.suppress(httpx.HTTPError):
            await response.aclose()
        return "" if response.is_success else f"HTTP {response.status_code}"

    async def close(self) -> None:
        """Closes all connections."""
        await self._client.aclose()

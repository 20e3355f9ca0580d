"""What goes over the wire, and what counts as taken."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from runway_videos.webhooks.client import WebhookClient
from unit.loopback import Asked, always, in_a_loop, loopback, respond


async def send(url: str) -> str:
    client = WebhookClient()
    try:
        return await client.send(url, {"webhook-id": "evt_1"}, b"{}")
    finally:
        await client.close()


@pytest.mark.parametrize("status", [200, 201, 204])
@in_a_loop
async def test_an_answer_of_2xx_says_that_it_is_taken(status: int) -> None:
    async with loopback(always(respond(status, b""))) as server:
        assert await send(server.url + "/hook?a=b") == ""
        (asked,) = server.asked
        assert (asked.method, asked.target, asked.body) == ("POST", "/hook?a=b", b"{}")
        assert asked.headers["webhook-id"] == "evt_1"


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
@in_a_loop
async def test_any_other_answer_does_not_and_no_redirect_is_followed(status: int) -> None:
    async with (
        loopback(always()) as other,
        loopback(always(respond(status, b"", f"location: {other.url}/hook"))) as server,
    ):
        assert await send(server.url) == f"HTTP {status}"
        assert len(server.asked) == 1
        assert other.asked == []


@in_a_loop
async def test_a_body_without_an_end_is_not_read() -> None:
    async def endless(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(
            respond(200, b"")[:-4].replace(b"content-length: 0", b"content-length: 999999999") + b"\r\n\r\nx"
        )

    async with loopback(endless) as server:
        assert await send(server.url) == ""


@in_a_loop
async def test_what_goes_wrong_is_said_without_the_address() -> None:
    async with loopback(always()) as server:
        url = server.url
    problem = await send(url + "/hush")
    assert problem == "ConnectError"
    assert await send("https://hooks.example:99999999/hush") != ""

    class Broken(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise OSError("hush")

    client = WebhookClient(Broken())
    assert await client.send("https://hooks.example/hush", {}, b"") == "OSError"
    await client.close()

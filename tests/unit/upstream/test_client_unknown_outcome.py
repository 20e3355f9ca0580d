"""What was sent and has no answer: a paid task may exist, so it is told apart from all else."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos.upstream.client import (
    LARGEST_ANSWER,
    NotSentError,
    Reply,
    RunwayClient,
    UnknownOutcomeError,
)
from runway_videos.upstream.timeouts import Timeouts
from unit.loopback import Answer, Asked, Loopback, always, reset, respond
from unit.upstream.client_calls import (
    Ask,
    create,
    get,
    organization,
    outcome_with,
    probe,
    put,
    slot,
    using,
)

HALF = b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"id": "'


def saying(data: bytes, then_reset: bool = False) -> Answer:
    """Says a part of an answer, then ends the connection."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if then_reset:
            reset(writer)
        else:
            writer.close()

    return answer


@pytest.mark.parametrize("then_reset", [True, False])
@pytest.mark.parametrize(
    "said",
    [
        *(b"", b"H", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", HALF),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}",
    ],
)
@pytest.mark.parametrize("ask", [create, get, put])
def test_an_answer_that_is_cut(ask: Ask, said: bytes, then_reset: bool) -> None:
    found = outcome_with(saying(said, then_reset), ask)
    assert isinstance(found, UnknownOutcomeError)
    assert not found.timed_out


@pytest.mark.parametrize(
    "said",
    [
        *(
            b"\x00\x01\x02\r\n\r\n",
            b"SSH-2.0-x\r\n\r\n",
            b"HTTP/1.1 x OK\r\n\r\n",
        ),
        *(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000),
        respond(200, b"not gzip", "content-encoding: gzip"),
        respond(307, b"", "location: http://[::1"),
    ],
)
def test_an_answer_that_is_no_http(said: bytes) -> None:
    found = outcome_with(saying(said))
    assert isinstance(found, UnknownOutcomeError)
    assert not found.timed_out


def test_an_answer_without_end_is_not_read() -> None:
    written = 0

    async def flood(asked: Asked, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing() and written < 64 << 20:
            writer.write(b" " * 65536)
            written += 65536
            await writer.drain()

    found = outcome_with(flood)
    assert isinstance(found, UnknownOutcomeError)
    assert "too large" in str(found)
    assert written < 32 << 20


def test_an_answer_of_the_largest_size_is_read() -> None:
    replies: list[Reply] = []

    async def use(api: RunwayClient, server: Loopback) -> None:
        replies.append(await create(api, server.url))

    using(use, always(respond(200, b" " * LARGEST_ANSWER)))
    assert len(replies[0].body) == LARGEST_ANSWER
    assert isinstance(outcome_with(always(respond(200, b" " * (LARGEST_ANSWER + 1)))), UnknownOutcomeError)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\n", HALF])
def test_an_answer_that_does_not_come(said: bytes) -> None:
    async def stall(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await asyncio.Event().wait()

    found = outcome_with(stall, timeouts=Timeouts(create=0.05))
    assert isinstance(found, UnknownOutcomeError)
    assert found.timed_out


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        *((ask, HALF) for ask in (create, get, put, organization, slot)),
        *((ask, b"HTTP/1.1 200 OK\r\nx: ") for ask in (create, put, probe)),
    ],
)
def test_an_answer_that_comes_in_drops(ask: Ask, said: bytes) -> None:
    async def drip(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    short = Timeouts(create=0.1, connect=0.05, read=0.05, upload=0.1)
    found = outcome_with(drip, ask, short)
    assert isinstance(found, UnknownOutcomeError)
    assert found.timed_out


def test_a_pooled_connection_that_died_is_unknown_so_no_create_goes_over_one() -> None:
    async def once(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.connection == 1 and len(server_asked) == 0:
            server_asked.append(asked)
            writer.write(respond())
        else:
            reset(writer)

    server_asked: list[Asked] = []
    kinds: list[type[Exception]] = []

    async def use(api: RunwayClient, server: Loopback) -> None:
        await get(api, server.url)
        for ask in (get, create):
            with pytest.raises((NotSentError, UnknownOutcomeError)) as caught:
                await ask(api, server.url)
            kinds.append(caught.type)

    server = using(use, once)
    assert kinds == [UnknownOutcomeError, UnknownOutcomeError]
    assert [each.connection for each in server.asked] == [1, 1, 2]


def test_a_call_that_is_ended_leaves_no_connection() -> None:
    arrived = asyncio.Event()

    async def stall(asked: Asked, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await writer.wait_closed()

    async def use(api: RunwayClient, server: Loopback) -> None:
        asking = asyncio.create_task(get(api, server.url))
        await arrived.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    using(use, stall)

"""A create runs to its end, and what comes of it is given without what it held."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
import weakref
from functools import partial

import pytest

from runway_videos.errors import ApiError
from runway_videos.idempotency.creates import CreateIdentity
from runway_videos.idempotency.in_flight_create import Create, Sending
from unit.idempotency.creates_harness import CreatesHarness, in_a_loop, refused, settle, unknown


@in_a_loop
async def test_a_create_outlives_its_client(harness: CreatesHarness) -> None:
    waiter = harness.enter()
    waiting = asyncio.create_task(waiter.outcome())
    await settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    again = harness.enter(retry=1)
    await harness.end(0)
    assert await again.outcome() == "video 0"
    assert again.is_retry
    assert len(harness.made) == 1


@in_a_loop
async def test_a_wait_that_was_ended_counts_as_a_client_that_is_gone(harness: CreatesHarness) -> None:
    waiters = [harness.enter(), harness.enter()]
    waits = [asyncio.create_task(waiter.outcome()) for waiter in waiters]
    await settle()
    waits[1].cancel()
    await settle()
    again = harness.enter(retry=1)
    await harness.end(0)
    await harness.end(1)
    assert await again.outcome() == "video 1"


@in_a_loop
async def test_a_refusal_is_not_kept_and_never_blocks_its_retry(harness: CreatesHarness) -> None:
    await harness.lost(refused())
    assert len(harness.creates) == 0
    assert not harness.enter(retry=1).is_retry
    keyed = harness.enter(key="k")
    await harness.end(2, refused())
    with pytest.raises(ApiError):
        await keyed.outcome()
    assert not harness.enter(key="k", fingerprint=b"mended").is_retry


@in_a_loop
async def test_those_who_joined_a_create_that_is_refused_get_the_refusal(harness: CreatesHarness) -> None:
    waiters = [harness.enter(), harness.enter(retry=1)]
    await harness.end(0, refused())
    errors = []
    for waiter in waiters:
        with pytest.raises(ApiError) as caught:
            await waiter.outcome()
        errors.append(caught.value)
    assert errors[0] is not errors[1]
    assert [(e.status, e.message, e.code, e.detail) for e in errors] == [
        (400, "No.", "runway_refused", "why")
    ] * 2


@in_a_loop
async def test_an_unknown_outcome_is_given_again_not_tried_again(harness: CreatesHarness) -> None:
    first, second = harness.enter(), harness.enter()
    await harness.end(0, unknown())
    await harness.end(1, RuntimeError("a fault of ours: nobody knows"))
    for waiter in (first, second):
        waiter.answered(delivered=False)
    with pytest.raises(ApiError, match="may exist") as caught:
        await harness.enter(retry=1).outcome()
    assert (caught.value.status, caught.value.retry) == (502, False)
    with pytest.raises(RuntimeError, match="nobody knows"):
        await harness.enter(retry=1).outcome()
    assert len(harness.made) == 2


@in_a_loop
async def test_what_is_kept_holds_no_frames_and_no_request(harness: CreatesHarness) -> None:
    class Body:
        pass

    async def fails(body: Body, sending: Sending) -> str:
        try:
            raise ValueError("inner")
        except ValueError as error:
            raise unknown() from error

    def gone(body: Body) -> bool:
        return not body

    body = Body()
    ref = weakref.ref(body)
    waiter = harness.creates.enter(CreateIdentity("", b"equal"), partial(fails, body), partial(gone, body))
    del body
    with pytest.raises(ApiError):
        await waiter.outcome()
    waiter.answered(delivered=False)
    await settle()
    gc.collect()
    assert ref() is None
    assert len(harness.creates) == 1


@in_a_loop
async def test_a_create_that_is_cancelled_has_an_unknown_outcome(harness: CreatesHarness) -> None:
    waiter = harness.enter()
    await settle()
    harness.made[0].cancel()
    with pytest.raises(ApiError, match="a paid task may exist"):
        await waiter.outcome()
    assert len(harness.creates) == 1


def test_a_loop_that_closes_ends_creates_quietly() -> None:
    harness = CreatesHarness()

    async def run() -> None:
        harness.enter()
        await settle()

    asyncio.run(run())
    assert harness.creates.running == 0


@in_a_loop
async def test_a_delivered_outcome_under_a_key_holds_no_connection(harness: CreatesHarness) -> None:
    class Connection:
        def is_closed(self) -> bool:
            return False

    connection = Connection()
    ref = weakref.ref(connection)
    waiter = harness.enter(key="k", gone=connection.is_closed)
    await harness.end(0)
    waiter.answered(delivered=True)
    del connection
    gc.collect()
    assert ref() is None
    assert harness.enter(key="k").is_retry


def test_a_create_that_has_ended_keeps_nothing_to_wait_with() -> None:
    creates = [Create[str](CreateIdentity("app", b"print")) for _ in range(100)]
    tracemalloc.start()
    more = [Create[str](CreateIdentity("app", b"print")) for _ in range(100)]
    for each in (*creates, *more):
        each.end("video", 1.0)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken / len(more) < 500  # bytes

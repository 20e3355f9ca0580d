"""A create runs to its end, and what comes of it is given without what it held."""

from __future__ import annotations

import asyncio
import gc
import weakref
from functools import partial

import pytest

from runway_videos.errors import ApiError
from runway_videos.idempotency.creates import CreateIdentity
from unit.idempotency.creates_harness import Box, in_a_loop, refused, settle, unknown


@in_a_loop
async def test_a_create_outlives_its_client(box: Box) -> None:
    waiter = box.enter()
    waiting = asyncio.create_task(waiter.outcome())
    await settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    again = box.enter(retry=1)
    await box.end(0)
    assert await again.outcome() == "video 0"
    assert again.is_retry
    assert len(box.made) == 1


@in_a_loop
async def test_a_wait_that_was_ended_counts_as_a_client_that_is_gone(box: Box) -> None:
    waiters = [box.enter(), box.enter()]
    waits = [asyncio.create_task(waiter.outcome()) for waiter in waiters]
    await settle()
    waits[1].cancel()
    await settle()
    again = box.enter(retry=1)
    await box.end(0)
    await box.end(1)
    assert await again.outcome() == "video 1"


@in_a_loop
async def test_a_refusal_is_not_kept_and_never_blocks_its_retry(box: Box) -> None:
    await box.lost(refused())
    assert len(box.creates) == 0
    assert not box.enter(retry=1).is_retry
    keyed = box.enter(key="k")
    await box.end(2, refused())
    with pytest.raises(ApiError):
        await keyed.outcome()
    assert not box.enter(key="k", fingerprint=b"mended").is_retry


@in_a_loop
async def test_those_who_joined_a_create_that_is_refused_get_the_refusal(box: Box) -> None:
    waiters = [box.enter(), box.enter(retry=1)]
    await box.end(0, refused())
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
async def test_an_unknown_outcome_is_given_again_not_tried_again(box: Box) -> None:
    first, second = box.enter(), box.enter()
    await box.end(0, unknown())
    await box.end(1, RuntimeError("a fault of ours: nobody knows"))
    for waiter in (first, second):
        waiter.answered(delivered=False)
    with pytest.raises(ApiError, match="may exist") as caught:
        await box.enter(retry=1).outcome()
    assert (caught.value.status, caught.value.retry) == (502, False)
    with pytest.raises(RuntimeError, match="nobody knows"):
        await box.enter(retry=1).outcome()
    assert len(box.made) == 2


@in_a_loop
async def test_what_is_kept_holds_no_frames_and_no_request(box: Box) -> None:
    class Body:
        pass

    async def fails(body: Body) -> str:
        try:
            raise ValueError("inner")
        except ValueError as error:
            raise unknown() from error

    def gone(body: Body) -> bool:
        return not body

    body = Body()
    ref = weakref.ref(body)
    waiter = box.creates.enter(CreateIdentity("", b"equal"), partial(fails, body), partial(gone, body))
    del body
    with pytest.raises(ApiError):
        await waiter.outcome()
    waiter.answered(delivered=False)
    await settle()
    gc.collect()
    assert ref() is None
    assert len(box.creates) == 1


@in_a_loop
async def test_a_create_that_is_cancelled_has_an_unknown_outcome(box: Box) -> None:
    waiter = box.enter()
    await settle()
    box.made[0].cancel()
    with pytest.raises(ApiError, match="a paid task may exist"):
        await waiter.outcome()
    assert len(box.creates) == 1


def test_a_loop_that_closes_ends_creates_quietly() -> None:
    box = Box()

    async def run() -> None:
        box.enter()
        await settle()

    asyncio.run(run())
    assert box.creates.running == 0

"""The end of the process: creates come to an end, and whoever waits or comes back gets an answer."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos.errors import ApiError
from runway_videos.idempotency.creates import Kept
from unit.idempotency.creates_harness import Box, in_a_loop


@in_a_loop
async def test_a_drain_waits_for_those_that_run_and_begins_no_more(box: Box) -> None:
    box.enter(), box.enter()
    await box.end(0)
    draining = asyncio.create_task(box.creates.drain(60))
    await asyncio.sleep(0)
    with pytest.raises(ApiError) as caught:
        box.enter()
    assert (caught.value.status, caught.value.retry) == (503, True)
    assert box.enter(retry=1).is_retry  # what there is, is given
    await box.end(1)
    assert await draining == []
    assert await box.creates.drain(0) == []


@in_a_loop
async def test_who_still_waits_after_the_drain_gets_an_unknown_outcome(box: Box) -> None:
    waiters = [box.enter(), box.enter(retry=1), box.enter(key="k")]
    given_up = await box.creates.drain(0)
    assert [identity.about.model for identity in given_up] == ["create 0", "create 0"]
    for waiter in waiters:
        with pytest.raises(ApiError, match="a paid task may exist") as caught:
            await waiter.outcome()
        error = caught.value
        assert (error.status, error.code, error.retry) == (502, "outcome_unknown", False)
        waiter.answered(delivered=True)
    with pytest.raises(ApiError, match="a paid task may exist"):
        await box.enter(retry=2).outcome()


@in_a_loop
async def test_a_create_that_was_given_up_and_ends_after_all_is_given_to_its_retry(box: Box) -> None:
    box.enter(gone=lambda: True)
    await box.creates.drain(0)
    await box.end(0)
    assert await box.enter(retry=1).outcome() == "video 0"


@in_a_loop
async def test_owed_are_clients_that_left_a_moment_ago_without_an_outcome(box: Box) -> None:
    there = box.enter()
    gone = box.enter(fingerprint=b"other", gone=lambda: True)
    assert (box.creates.owed(), box.creates.answering()) == (1, 1)
    await box.end(0)
    there.answered(delivered=True)
    await box.end(1)
    gone.answered(delivered=False)
    assert (box.creates.owed(), box.creates.answering()) == (1, 0)
    again = box.enter(fingerprint=b"other", retry=1)
    assert (box.creates.owed(), box.creates.answering()) == (0, 1)
    again.answered(delivered=True)
    assert (box.creates.owed(), box.creates.answering()) == (0, 0)


@in_a_loop
async def test_a_client_that_left_long_ago_is_not_waited_for(box: Box) -> None:
    await box.lost()
    box.now += Kept().left - 1
    assert box.creates.owed() == 1
    box.now += 1
    assert box.creates.owed() == 0


@in_a_loop
async def test_with_an_idempotency_key_clients_are_owed_too(box: Box) -> None:
    box.enter(key="k").answered(delivered=False)
    assert box.creates.owed() == 1
    box.enter(key="k").answered(delivered=True)
    assert box.creates.owed() == 0

"""The end of the process: creates come to an end, and whoever waits or comes back gets an answer."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos.errors import ApiError
from runway_videos.idempotency.creates import Kept
from unit.idempotency.creates_harness import CreatesHarness, in_a_loop


@in_a_loop
async def test_a_drain_waits_for_those_that_run_and_begins_no_more(harness: CreatesHarness) -> None:
    harness.enter(), harness.enter()
    await harness.end(0)
    draining = asyncio.create_task(harness.creates.drain(60))
    await asyncio.sleep(0)
    with pytest.raises(ApiError) as caught:
        harness.enter()
    assert (caught.value.status, caught.value.retry) == (503, True)
    assert harness.enter(retry=1).is_retry  # what there is, is given
    await harness.end(1)
    assert await draining == []
    assert await harness.creates.drain(0) == []


@in_a_loop
async def test_who_still_waits_after_the_drain_gets_an_unknown_outcome(harness: CreatesHarness) -> None:
    waiters = [harness.enter(), harness.enter(retry=1), harness.enter(key="k")]
    given_up = await harness.creates.drain(0)
    assert [identity.about.model for identity in given_up] == ["create 0", "create 0"]
    for waiter in waiters:
        with pytest.raises(ApiError, match="a paid task may exist") as caught:
            await waiter.outcome()
        error = caught.value
        assert (error.status, error.code, error.retry) == (502, "outcome_unknown", False)
        waiter.answered(delivered=True)
    with pytest.raises(ApiError, match="a paid task may exist"):
        await harness.enter(retry=2).outcome()


@in_a_loop
async def test_a_create_that_was_given_up_and_ends_after_all_is_given_to_its_retry(
    harness: CreatesHarness,
) -> None:
    harness.enter(gone=lambda: True)
    await harness.creates.drain(0)
    await harness.end(0)
    assert await harness.enter(retry=1).outcome() == "video 0"


@in_a_loop
async def test_owed_are_clients_that_left_a_moment_ago_without_an_outcome(harness: CreatesHarness) -> None:
    there = harness.enter()
    gone = harness.enter(fingerprint=b"other", gone=lambda: True)
    assert (harness.creates.owed(), harness.creates.answering()) == (1, 1)
    await harness.end(0)
    there.answered(delivered=True)
    await harness.end(1)
    gone.answered(delivered=False)
    assert (harness.creates.owed(), harness.creates.answering()) == (1, 0)
    again = harness.enter(fingerprint=b"other", retry=1)
    assert (harness.creates.owed(), harness.creates.answering()) == (0, 1)
    again.answered(delivered=True)
    assert (harness.creates.owed(), harness.creates.answering()) == (0, 0)


@in_a_loop
async def test_a_client_that_left_long_ago_is_not_waited_for(harness: CreatesHarness) -> None:
    await harness.lost()
    harness.now += Kept().left - 1
    assert harness.creates.owed() == 1
    harness.now += 1
    assert harness.creates.owed() == 0


@in_a_loop
async def test_with_an_idempotency_key_clients_are_owed_too(harness: CreatesHarness) -> None:
    harness.enter(key="k").answered(delivered=False)
    assert harness.creates.owed() == 1
    harness.enter(key="k").answered(delivered=True)
    assert harness.creates.owed() == 0

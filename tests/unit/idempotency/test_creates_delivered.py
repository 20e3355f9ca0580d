"""An answer that was delivered, as far as can be seen: who gets it again, and for how long."""

from __future__ import annotations

import pytest

from runway_videos.idempotency.creates import Kept
from unit.idempotency.creates_harness import CreatesHarness, in_a_loop, settle


@in_a_loop
async def test_a_delivered_answer_is_given_again_to_the_next_attempt(harness: CreatesHarness) -> None:
    first = harness.enter()
    await harness.end(0)
    first.answered(delivered=True)
    harness.now += Kept().delivered - 1
    again = harness.enter(retry=1)
    assert await again.outcome() == "video 0"
    again.answered(delivered=True)
    harness.now += Kept().delivered - 1
    assert await harness.enter(retry=2).outcome() == "video 0"  # that answer was lost again


@pytest.mark.parametrize("count", [0, 1])
def test_a_delivered_answer_is_not_given_to_an_attempt_that_came_before(count: int) -> None:
    async def run(harness: CreatesHarness) -> None:
        first = harness.enter(retry=1)
        await harness.end(0)
        first.answered(delivered=True)
        assert not harness.enter(retry=count).is_retry

    in_a_loop(run)()


@in_a_loop
async def test_an_attempt_between_a_delivered_answer_and_this_one_may_never_have_come(
    harness: CreatesHarness,
) -> None:
    """Its client hung up within its request, say."""
    first = harness.enter()
    await harness.end(0)
    first.answered(delivered=True)
    again = harness.enter(retry=2)
    assert again.is_retry
    assert await again.outcome() == "video 0"


@in_a_loop
async def test_of_delivered_answers_that_of_the_attempt_just_before_comes_first(
    harness: CreatesHarness,
) -> None:
    waiters = [harness.enter(retry=1), harness.enter()]
    for number, waiter in enumerate(waiters):
        await harness.end(number)
        waiter.answered(delivered=True)
        harness.now += 1
    assert await harness.enter(retry=2).outcome() == "video 0"


@in_a_loop
async def test_a_delivered_answer_is_kept_for_ten_seconds(harness: CreatesHarness) -> None:
    first = harness.enter()
    await harness.end(0)
    first.answered(delivered=True)
    harness.now += Kept().delivered
    assert not harness.enter(retry=1).is_retry


@in_a_loop
async def test_of_delivered_answers_one_whose_connection_has_ended_since_comes_first(
    harness: CreatesHarness,
) -> None:
    hung_up = False
    for gone in (lambda: hung_up, lambda: False):
        waiter = harness.enter(gone=gone)
        await settle()
        await harness.end(len(harness.made) - 1)
        waiter.answered(delivered=True)
        harness.now += 1
    harness.enter(gone=lambda: False)
    hung_up = True
    assert await harness.enter(retry=1).outcome() == "video 0"
    await harness.end(2)
    assert await harness.enter(retry=1).outcome() == "video 2"  # still being answered
    assert await harness.enter(retry=1).outcome() == "video 1"


@in_a_loop
async def test_clients_whose_hang_up_was_not_seen_find_their_own(harness: CreatesHarness) -> None:
    harness.enter(), harness.enter()
    retries = [harness.enter(retry=count) for count in (1, 1, 2, 2)]
    await harness.end(0)
    await harness.end(1)
    outcomes = [await waiter.outcome() for waiter in retries]
    assert outcomes == ["video 0", "video 1", "video 0", "video 1"]
    assert len(harness.made) == 2


@in_a_loop
async def test_a_client_whose_place_anothers_retry_took_finds_its_create_again(
    harness: CreatesHarness,
) -> None:
    """Neither hang-up is seen: the first client's retry takes the place of the second one."""
    first = harness.enter()
    await harness.end(0)
    first.answered(delivered=True)
    second, retry_of_first = harness.enter(), harness.enter(retry=1)
    assert retry_of_first.is_retry
    harness.now += Kept().delivered
    await harness.end(1)
    for waiter in (second, retry_of_first):
        assert await waiter.outcome() == "video 1"
        waiter.answered(delivered=True)
    retry_of_second = harness.enter(retry=1)
    assert retry_of_second.is_retry
    assert await retry_of_second.outcome() == "video 1"

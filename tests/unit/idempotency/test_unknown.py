"""An equal create right after an unknown outcome may be the retry of a client that says nothing."""

from __future__ import annotations

import pytest

from runway_videos.errors import ApiError
from runway_videos.idempotency.creates import Kept
from unit.idempotency.creates_harness import CreatesHarness, in_a_loop, unknown


async def lose(harness: CreatesHarness, outcome: Exception | None = None) -> None:
    waiter = harness.enter()
    await harness.end(len(harness.made) - 1, outcome or unknown())
    waiter.answered(delivered=True)


@in_a_loop
async def test_plain_repeats_get_the_same_refusal_and_are_told_how_to_insist(harness: CreatesHarness) -> None:
    await lose(harness)
    for _ in range(3):  # as curl --retry 3
        with pytest.raises(ApiError) as caught:
            harness.enter()
        error = caught.value
        assert (error.status, error.code, error.retry) == (502, "unknown_outcome", False)
        assert "new Idempotency-Key" in error.message
    assert not harness.enter(key="new").is_retry


@in_a_loop
async def test_it_is_for_the_same_caller_and_content_and_for_a_minute(harness: CreatesHarness) -> None:
    await lose(harness)
    assert not harness.enter(caller="other").is_retry
    assert not harness.enter(fingerprint=b"other").is_retry
    harness.now += Kept().unknown
    assert not harness.enter().is_retry


@in_a_loop
async def test_a_fault_of_ours_counts_as_unknown(harness: CreatesHarness) -> None:
    await lose(harness, RuntimeError("a bug"))
    with pytest.raises(ApiError) as caught:
        harness.enter()
    assert (caught.value.status, caught.value.code) == (502, "outcome_unknown")


@in_a_loop
async def test_two_deliberate_creates_that_run_at_once_stay_two(harness: CreatesHarness) -> None:
    waiters = [harness.enter(), harness.enter()]
    await harness.end(0, unknown())
    await harness.end(1)
    with pytest.raises(ApiError):
        await waiters[0].outcome()
    assert await waiters[1].outcome() == "video 1"

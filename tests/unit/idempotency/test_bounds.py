"""Each caller has its own bound: over it that caller is refused, and nobody's record is pushed out."""

from __future__ import annotations

import pytest

from runway_videos.errors import ApiError
from unit.idempotency.creates_harness import CreatesHarness, in_a_loop, refused, settle, with_creates


def too_many(harness: CreatesHarness, key: str | None = None) -> ApiError:
    with pytest.raises(ApiError) as caught:
        harness.enter(caller="a", key=key)
    error = caught.value
    assert (error.status, error.code, error.retry) == (429, "too_many_creates", True)
    return error


@with_creates(records=2)
async def test_a_caller_over_its_bound_is_refused_and_others_are_not(harness: CreatesHarness) -> None:
    harness.enter(key="a", caller="a")
    await harness.end(0)
    harness.enter(key="b", caller="a")
    await harness.end(1)
    assert "remembered" in too_many(harness, key="c").message
    assert harness.enter(key="a", caller="a").is_retry
    assert harness.enter(key="b", caller="a").is_retry
    assert not harness.enter(caller="b").is_retry
    harness.now += 24 * 3600
    assert not harness.enter(key="c", caller="a").is_retry


@with_creates(running=2)
async def test_creates_that_run_have_a_bound_of_their_own(harness: CreatesHarness) -> None:
    harness.enter(caller="a"), harness.enter(caller="a")
    error = too_many(harness)
    assert error.retry_after == 1
    assert "at once" in error.message
    assert harness.enter(caller="a", retry=2).is_retry  # it joins one that runs: nothing more is made
    harness.enter(caller="b")
    await harness.end(0)
    harness.enter(caller="a")
    assert harness.creates.running == 3


@with_creates(running=1)
async def test_one_that_has_just_ended_does_not_run(harness: CreatesHarness) -> None:
    waiter = harness.enter()
    await settle()
    harness.made[0].set_result("video")
    await waiter.outcome()
    assert not harness.enter().is_retry


@with_creates(running=1)
async def test_a_create_that_was_refused_over_the_bound_is_owed_one_of_its_own(
    harness: CreatesHarness,
) -> None:
    harness.enter(caller="a", fingerprint=b"other")
    too_many(harness)
    await harness.end(0)
    harness.enter(caller="a")  # an equal create of somebody else's
    await harness.end(1)
    assert not harness.enter(caller="a", retry=1).is_retry


@with_creates(records=1)
async def test_what_made_nothing_takes_no_room(harness: CreatesHarness) -> None:
    for number in range(3):
        harness.enter(caller="a")
        await harness.end(number, refused())
    assert len(harness.creates) == 0


@in_a_loop
async def test_a_long_idempotency_key_is_not_held(harness: CreatesHarness) -> None:
    key = "k" * 60_000
    harness.enter(key=key)
    assert harness.enter(key=key).is_retry
    assert not harness.enter(key=key + "k").is_retry

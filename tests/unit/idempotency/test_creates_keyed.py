"""Repeats by Idempotency-Key, and how many records there are."""

from __future__ import annotations

import pytest

from runway_videos.errors import ApiError
from runway_videos.idempotency.creates import Kept
from unit.idempotency.creates_harness import CreatesHarness, in_a_loop, unknown


@in_a_loop
async def test_an_idempotency_key_gives_the_same_again_for_a_day(harness: CreatesHarness) -> None:
    first, second = harness.enter(key="k"), harness.enter(key="k")
    await harness.end(0)
    third = harness.enter(key="k", retry=1)
    for waiter in (first, second, third):
        assert await waiter.outcome() == "video 0"
        waiter.answered(delivered=True)
    assert [first.is_retry, second.is_retry, third.is_retry] == [False, True, True]
    harness.now += Kept().keyed - 1
    assert harness.enter(key="k").is_retry
    assert not harness.enter(key="k", caller="team-a").is_retry
    assert not harness.enter(key="other").is_retry
    harness.now += 1
    assert not harness.enter(key="k").is_retry


@pytest.mark.parametrize("ended", [False, True])
def test_an_idempotency_key_with_other_content_is_a_conflict(ended: bool) -> None:
    async def run(harness: CreatesHarness) -> None:
        harness.enter(key="k")
        if ended:
            await harness.end(0)
        with pytest.raises(ApiError) as caught:
            harness.enter(key="k", fingerprint=b"other")
        assert (caught.value.status, caught.value.retry, caught.value.param) == (409, False, None)
        assert caught.value.code == "idempotency_key_reuse"

    in_a_loop(run)()


@in_a_loop
async def test_an_unknown_outcome_under_a_key_is_given_again(harness: CreatesHarness) -> None:
    harness.enter(key="k")
    await harness.end(0, unknown())
    for _ in range(2):
        with pytest.raises(ApiError, match="may exist"):
            await harness.enter(key="k").outcome()


@in_a_loop
async def test_keyed_and_marked_creates_do_not_mix(harness: CreatesHarness) -> None:
    await harness.lost()
    assert not harness.enter(key="k", retry=1).is_retry
    assert await harness.enter(key="", retry=1).outcome() == "video 0"  # an empty key is none
    assert not harness.enter(retry=1).is_retry  # not the keyed one in flight

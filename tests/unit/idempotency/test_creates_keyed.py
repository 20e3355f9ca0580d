"""Repeats by Idempotency-Key, and how many records there are."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos.errors import ApiError
from runway_videos.idempotency.creates import KEYED_SECONDS
from unit.idempotency.creates_harness import Box, in_a_loop, unknown


@in_a_loop
async def test_an_idempotency_key_gives_the_same_again_for_a_day(box: Box) -> None:
    first, second = box.enter(key="k"), box.enter(key="k")
    await box.end(0)
    third = box.enter(key="k", retry=1)
    for waiter in (first, second, third):
        assert await waiter.outcome() == "video 0"
        waiter.answered(delivered=True)
    assert [first.repeat, second.repeat, third.repeat] == [False, True, True]
    box.now += KEYED_SECONDS - 1
    assert box.enter(key="k").repeat
    assert not box.enter(key="k", caller="team-a").repeat
    assert not box.enter(key="other").repeat
    box.now += 1
    assert not box.enter(key="k").repeat


@pytest.mark.parametrize("ended", [False, True])
def test_an_idempotency_key_with_other_content_is_a_conflict(ended: bool) -> None:
    async def run(box: Box) -> None:
        box.enter(key="k")
        if ended:
            await box.end(0)
        with pytest.raises(ApiError) as caught:
            box.enter(key="k", fingerprint=b"other")
        assert (caught.value.status, caught.value.retry, caught.value.param) == (409, False, None)
        assert caught.value.code == "idempotency_key_reuse"

    in_a_loop(run)()


@in_a_loop
async def test_an_unknown_outcome_under_a_key_is_given_again(box: Box) -> None:
    box.enter(key="k")
    await box.end(0, unknown())
    for _ in range(2):
        with pytest.raises(ApiError, match="may exist"):
            await box.enter(key="k").outcome()


@in_a_loop
async def test_keyed_and_marked_creates_do_not_mix(box: Box) -> None:
    await box.lost()
    assert not box.enter(key="k", retry=1).repeat
    assert await box.enter(key="", retry=1).outcome() == "video 0"  # an empty key is none
    assert not box.enter(retry=1).repeat  # not the keyed one in flight


def test_records_are_bounded_the_oldest_kept_goes_and_none_in_flight() -> None:
    async def run() -> None:
        box = Box(max_records=3)
        box.enter(key="a")
        await box.end(0)
        box.enter(key="b")
        await box.end(1)
        box.enter(), box.enter()
        assert len(box.repeats) == 3
        assert box.enter(key="b").repeat
        box.enter()
        with pytest.raises(ApiError) as caught:
            box.enter()
        assert (caught.value.status, caught.value.retry) == (503, True)
        assert len(box.repeats) == 3
        assert box.enter(retry=1).repeat

    asyncio.run(run())


@in_a_loop
async def test_a_long_idempotency_key_is_not_held(box: Box) -> None:
    box.enter(key="k" * 60_000)
    assert [len(record_key) for record_key in box.repeats._keyed] == [32]

"""Each caller has its own bound: over it that caller is refused, and nobody's record is pushed out."""

from __future__ import annotations

import pytest

from runway_videos.errors import ApiError
from unit.idempotency.creates_harness import Box, in_a_box, in_a_loop, refused


def too_many(box: Box, key: str | None = None) -> ApiError:
    with pytest.raises(ApiError) as caught:
        box.enter(caller="a", key=key)
    error = caught.value
    assert (error.status, error.code, error.retry) == (429, "too_many_creates", True)
    return error


@in_a_box(records=2)
async def test_a_caller_over_its_bound_is_refused_and_others_are_not(box: Box) -> None:
    box.enter(key="a", caller="a")
    await box.end(0)
    box.enter(key="b", caller="a")
    await box.end(1)
    assert "remembered" in too_many(box, key="c").message
    assert box.enter(key="a", caller="a").is_retry
    assert box.enter(key="b", caller="a").is_retry
    assert not box.enter(caller="b").is_retry
    box.now += 24 * 3600
    assert not box.enter(key="c", caller="a").is_retry


@in_a_box(running=2)
async def test_creates_that_run_have_a_bound_of_their_own(box: Box) -> None:
    box.enter(caller="a"), box.enter(caller="a")
    error = too_many(box)
    assert error.retry_after == 1
    assert "at once" in error.message
    assert box.enter(caller="a", retry=2).is_retry  # it joins one that runs: nothing more is made
    box.enter(caller="b")
    await box.end(0)
    box.enter(caller="a")
    assert box.creates.running == 3


@in_a_box(running=1)
async def test_a_create_that_was_refused_over_the_bound_is_owed_one_of_its_own(box: Box) -> None:
    box.enter(caller="a", fingerprint=b"other")
    too_many(box)
    await box.end(0)
    box.enter(caller="a")  # an equal create of somebody else's
    await box.end(1)
    assert not box.enter(caller="a", retry=1).is_retry


@in_a_box(records=1)
async def test_what_made_nothing_takes_no_room(box: Box) -> None:
    for number in range(3):
        box.enter(caller="a")
        await box.end(number, refused())
    assert len(box.creates) == 0


@in_a_loop
async def test_a_long_idempotency_key_is_not_held(box: Box) -> None:
    key = "k" * 60_000
    box.enter(key=key)
    assert box.enter(key=key).is_retry
    assert not box.enter(key=key + "k").is_retry

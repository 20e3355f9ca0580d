"""One create, one payment: who gets which create, by the mark of a retry."""

from __future__ import annotations

from runway_videos.idempotency.creates import Kept
from unit.idempotency.creates_harness import CreatesHarness, in_a_loop, settle


@in_a_loop
async def test_equal_creates_without_a_mark_are_each_new(harness: CreatesHarness) -> None:
    waiters = [harness.enter(), harness.enter()]
    await harness.end(0)
    await harness.end(1)
    assert [await waiter.outcome() for waiter in waiters] == ["video 0", "video 1"]
    assert not any(waiter.is_retry for waiter in waiters)


@in_a_loop
async def test_a_marked_repeat_joins_one_in_flight_and_both_get_it(harness: CreatesHarness) -> None:
    first, second = harness.enter(), harness.enter(retry=1)
    await harness.end(0)
    assert await first.outcome() == await second.outcome() == "video 0"
    first.answered(delivered=False)
    second.answered(delivered=True)
    third = harness.enter(retry=1)  # the second had it: this is another client's
    await harness.end(1)
    assert await third.outcome() == "video 1"


@in_a_loop
async def test_a_marked_repeat_takes_the_lost_answers_the_oldest_first_each_once(
    harness: CreatesHarness,
) -> None:
    await harness.lost()
    await harness.lost()
    waiters = [harness.enter(retry=1) for _ in range(3)]
    await harness.end(2)
    assert [await waiter.outcome() for waiter in waiters] == ["video 0", "video 1", "video 2"]
    for waiter in waiters:
        waiter.answered(delivered=True)
    harness.now += Kept().delivered
    assert not harness.enter(retry=2).is_retry
    assert len(harness.creates) == 1


@in_a_loop
async def test_a_taken_answer_that_is_lost_again_is_free_again(harness: CreatesHarness) -> None:
    await harness.lost()
    second = harness.enter(retry=1)
    assert await second.outcome() == "video 0"
    second.answered(delivered=False)
    second.answered(delivered=True)  # the first word counts
    third = harness.enter(retry=2)
    assert await third.outcome() == "video 0"
    assert len(harness.made) == 1


@in_a_loop
async def test_an_answer_that_is_on_its_way_can_still_be_joined_once(harness: CreatesHarness) -> None:
    harness.enter()
    await harness.end(0)  # it has not been reported yet whether the client was there
    assert harness.enter(retry=1).is_retry
    assert not harness.enter(retry=1).is_retry


@in_a_loop
async def test_an_unmarked_create_never_takes_a_lost_one(harness: CreatesHarness) -> None:
    await harness.lost()
    assert not harness.enter().is_retry


@in_a_loop
async def test_other_content_and_other_callers_are_not_joined(harness: CreatesHarness) -> None:
    await harness.lost()
    assert not harness.enter(retry=1, fingerprint=b"other").is_retry
    assert not harness.enter(retry=1, caller="team-a").is_retry
    assert harness.enter(retry=1).is_retry


@in_a_loop
async def test_of_those_in_flight_one_whose_client_is_gone_comes_first(harness: CreatesHarness) -> None:
    harness.enter(gone=lambda: False)
    hung_up = False
    harness.enter(gone=lambda: hung_up)
    harness.enter().answered(delivered=False)
    hung_up = True
    waiters = [harness.enter(retry=1) for _ in range(2)]
    for number in range(3):
        await harness.end(number)
    assert [await waiter.outcome() for waiter in waiters] == ["video 1", "video 2"]


@in_a_loop
async def test_a_lost_answer_comes_before_one_whose_client_is_there(harness: CreatesHarness) -> None:
    await harness.lost()
    harness.enter()
    assert await harness.enter(retry=1).outcome() == "video 0"


@in_a_loop
async def test_one_in_flight_without_a_client_comes_before_a_lost_answer(harness: CreatesHarness) -> None:
    await harness.lost()
    harness.enter().answered(delivered=False)
    again = harness.enter(retry=1)
    await harness.end(1)
    assert await again.outcome() == "video 1"


@in_a_loop
async def test_the_one_whose_last_attempt_was_just_before_comes_first(harness: CreatesHarness) -> None:
    harness.enter()
    harness.enter().answered(delivered=False)
    harness.enter(retry=1)  # of the second, whose hang-up was seen; this one's was not
    again = harness.enter(retry=2)
    await harness.end(0)
    await harness.end(1)
    assert await again.outcome() == "video 1"


@in_a_loop
async def test_an_attempt_that_got_lost_on_its_way_does_not_matter(harness: CreatesHarness) -> None:
    harness.enter(), harness.enter()
    first, second = harness.enter(retry=2), harness.enter(retry=2)  # no attempt 1 was seen of either
    await harness.end(0)
    await harness.end(1)
    assert [await first.outcome(), await second.outcome()] == ["video 0", "video 1"]


@in_a_loop
async def test_more_repeats_than_creates_join_rather_than_pay(harness: CreatesHarness) -> None:
    harness.enter()
    assert all(harness.enter(retry=1).is_retry for _ in range(3))
    await settle()
    assert len(harness.made) == 1


@in_a_loop
async def test_a_lost_answer_is_kept_for_ten_minutes_after_its_end(harness: CreatesHarness) -> None:
    waiter = harness.enter()
    harness.now += 5 * Kept().owed  # in flight it does not age
    await harness.end(0)
    waiter.answered(delivered=False)
    harness.now += Kept().owed - 1
    assert harness.enter(retry=1).is_retry
    harness.now += 1
    assert not harness.enter(retry=1).is_retry
    assert len(harness.creates) == 1

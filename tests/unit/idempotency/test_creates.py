"""One create, one payment: who gets which create, by the mark of a retry."""

from __future__ import annotations

import pytest

from runway_videos.idempotency.creates import Kept
from unit.idempotency.creates_harness import Box, in_a_loop, settle


@in_a_loop
async def test_equal_creates_without_a_mark_are_each_new(box: Box) -> None:
    waiters = [box.enter(), box.enter()]
    await box.end(0)
    await box.end(1)
    assert [await waiter.outcome() for waiter in waiters] == ["video 0", "video 1"]
    assert not any(waiter.is_retry for waiter in waiters)


@in_a_loop
async def test_a_marked_repeat_joins_one_in_flight_and_both_get_it(box: Box) -> None:
    first, second = box.enter(), box.enter(retry=1)
    await box.end(0)
    assert await first.outcome() == await second.outcome() == "video 0"
    first.answered(delivered=False)
    second.answered(delivered=True)
    third = box.enter(retry=1)  # the second had it: this is another client's
    await box.end(1)
    assert await third.outcome() == "video 1"


@in_a_loop
async def test_a_marked_repeat_takes_the_lost_answers_the_oldest_first_each_once(box: Box) -> None:
    await box.lost()
    await box.lost()
    waiters = [box.enter(retry=1) for _ in range(3)]
    await box.end(2)
    assert [await waiter.outcome() for waiter in waiters] == ["video 0", "video 1", "video 2"]
    for waiter in waiters:
        waiter.answered(delivered=True)
    box.now += Kept().delivered
    assert not box.enter(retry=2).is_retry
    assert len(box.creates) == 1


@in_a_loop
async def test_a_taken_answer_that_is_lost_again_is_free_again(box: Box) -> None:
    await box.lost()
    second = box.enter(retry=1)
    assert await second.outcome() == "video 0"
    second.answered(delivered=False)
    second.answered(delivered=True)  # the first word counts
    third = box.enter(retry=2)
    assert await third.outcome() == "video 0"
    assert len(box.made) == 1


@in_a_loop
async def test_a_delivered_answer_is_given_again_to_the_very_next_attempt_alone(box: Box) -> None:
    first = box.enter()
    await box.end(0)
    first.answered(delivered=True)
    box.now += Kept().delivered - 1
    again = box.enter(retry=1)
    assert await again.outcome() == "video 0"
    again.answered(delivered=True)
    box.now += Kept().delivered - 1
    assert await box.enter(retry=2).outcome() == "video 0"  # that answer was lost again


@pytest.mark.parametrize("count", [0, 2, 3])
def test_a_delivered_answer_is_not_given_to_another_attempt(count: int) -> None:
    async def run(box: Box) -> None:
        first = box.enter()
        await box.end(0)
        first.answered(delivered=True)
        assert not box.enter(retry=count).is_retry

    in_a_loop(run)()


@in_a_loop
async def test_a_delivered_answer_is_kept_for_ten_seconds(box: Box) -> None:
    first = box.enter()
    await box.end(0)
    first.answered(delivered=True)
    box.now += Kept().delivered
    assert not box.enter(retry=1).is_retry


@in_a_loop
async def test_of_delivered_answers_one_whose_connection_has_ended_since_comes_first(box: Box) -> None:
    hung_up = False
    for gone in (lambda: hung_up, lambda: False):
        waiter = box.enter(gone=gone)
        await settle()
        await box.end(len(box.made) - 1)
        waiter.answered(delivered=True)
        box.now += 1
    box.enter(gone=lambda: False)
    hung_up = True
    assert await box.enter(retry=1).outcome() == "video 0"
    await box.end(2)
    assert await box.enter(retry=1).outcome() == "video 2"  # still being answered
    assert await box.enter(retry=1).outcome() == "video 1"


@in_a_loop
async def test_an_answer_that_is_on_its_way_can_still_be_joined_once(box: Box) -> None:
    box.enter()
    await box.end(0)  # its door has not said yet whether the client was there
    assert box.enter(retry=1).is_retry
    assert not box.enter(retry=1).is_retry


@in_a_loop
async def test_an_unmarked_create_never_takes_a_lost_one(box: Box) -> None:
    await box.lost()
    assert not box.enter().is_retry


@in_a_loop
async def test_other_content_and_other_callers_are_not_joined(box: Box) -> None:
    await box.lost()
    assert not box.enter(retry=1, fingerprint=b"other").is_retry
    assert not box.enter(retry=1, caller="team-a").is_retry
    assert box.enter(retry=1).is_retry


@in_a_loop
async def test_of_those_in_flight_one_whose_client_is_gone_comes_first(box: Box) -> None:
    box.enter(gone=lambda: False)
    hung_up = False
    box.enter(gone=lambda: hung_up)
    box.enter().answered(delivered=False)
    hung_up = True
    waiters = [box.enter(retry=1) for _ in range(2)]
    for number in range(3):
        await box.end(number)
    assert [await waiter.outcome() for waiter in waiters] == ["video 1", "video 2"]


@in_a_loop
async def test_a_lost_answer_comes_before_one_whose_client_is_there(box: Box) -> None:
    await box.lost()
    box.enter()
    assert await box.enter(retry=1).outcome() == "video 0"


@in_a_loop
async def test_one_in_flight_without_a_client_comes_before_a_lost_answer(box: Box) -> None:
    await box.lost()
    box.enter().answered(delivered=False)
    again = box.enter(retry=1)
    await box.end(1)
    assert await again.outcome() == "video 1"


@in_a_loop
async def test_clients_whose_hang_up_was_not_seen_find_their_own(box: Box) -> None:
    box.enter(), box.enter()
    retries = [box.enter(retry=count) for count in (1, 1, 2, 2)]
    await box.end(0)
    await box.end(1)
    outcomes = [await waiter.outcome() for waiter in retries]
    assert outcomes == ["video 0", "video 1", "video 0", "video 1"]
    assert len(box.made) == 2


@in_a_loop
async def test_the_one_whose_last_attempt_was_just_before_comes_first(box: Box) -> None:
    box.enter()
    box.enter().answered(delivered=False)
    box.enter(retry=1)  # of the second, whose hang-up was seen; this one's was not
    again = box.enter(retry=2)
    await box.end(0)
    await box.end(1)
    assert await again.outcome() == "video 1"


@in_a_loop
async def test_an_attempt_that_got_lost_on_its_way_does_not_matter(box: Box) -> None:
    box.enter(), box.enter()
    first, second = box.enter(retry=2), box.enter(retry=2)  # no attempt 1 was seen of either
    await box.end(0)
    await box.end(1)
    assert [await first.outcome(), await second.outcome()] == ["video 0", "video 1"]


@in_a_loop
async def test_more_repeats_than_creates_join_rather_than_pay(box: Box) -> None:
    box.enter()
    assert all(box.enter(retry=1).is_retry for _ in range(3))
    await settle()
    assert len(box.made) == 1


@in_a_loop
async def test_a_lost_answer_is_kept_for_ten_minutes_after_its_end(box: Box) -> None:
    waiter = box.enter()
    box.now += 5 * Kept().owed  # in flight it does not age
    await box.end(0)
    waiter.answered(delivered=False)
    box.now += Kept().owed - 1
    assert box.enter(retry=1).is_retry
    box.now += 1
    assert not box.enter(retry=1).is_retry
    assert len(box.creates) == 1

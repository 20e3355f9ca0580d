"""An attempt that was refused with nothing made: its retry makes its own video, and joins nobody's."""

from __future__ import annotations

import pytest

from runway_videos.errors import ApiError
from runway_videos.idempotency.creates import Kept
from runway_videos.idempotency.refused_attempts import MAX_NOTES, RefusedAttempts, is_sent_again
from unit.idempotency.creates_harness import CreatesHarness, busy, in_a_loop, refused, unknown


@in_a_loop
async def test_a_retry_of_a_refused_attempt_does_not_join_an_equal_create(harness: CreatesHarness) -> None:
    first = harness.enter()
    await harness.end(0, busy())
    first.answered(delivered=True)
    harness.enter(gone=lambda: False)
    assert not harness.enter(retry=1).is_retry
    assert harness.enter(retry=1).is_retry  # only one was refused: this one belongs to a create that runs


@in_a_loop
async def test_a_refusal_that_nobody_sends_again_leaves_no_note(harness: CreatesHarness) -> None:
    """Else a retry whose hang-up was not seen would take it, and pay twice."""
    first = harness.enter()
    await harness.end(0, refused())
    first.answered(delivered=True)
    harness.enter(gone=lambda: False)
    assert harness.enter(retry=1).is_retry


@in_a_loop
async def test_a_client_that_left_comes_back_whatever_the_refusal_was(harness: CreatesHarness) -> None:
    harness.enter().answered(delivered=False)
    await harness.end(0, refused())
    harness.enter(gone=lambda: False)
    assert not harness.enter(retry=1).is_retry


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (busy(), True),
        (unknown(), False),
        (refused(), False),
        (ApiError(429, "Slow."), True),
        (ApiError(429, "Never.", retry=False), False),
        (ApiError(400, "Once more.", retry=True), True),
        ("a video", False),
    ],
)
def test_what_the_stock_clients_send_again(outcome: object, again: bool) -> None:
    assert is_sent_again(outcome) is again


@in_a_loop
async def test_only_the_next_count_takes_the_note(harness: CreatesHarness) -> None:
    harness.enter()
    await harness.end(0, busy())
    harness.enter(gone=lambda: False)
    assert harness.enter(retry=2).is_retry
    assert not harness.enter(retry=1).is_retry


@in_a_loop
async def test_a_create_whose_client_has_left_is_taken_before_the_note(harness: CreatesHarness) -> None:
    """The note may be of a client that has given up; then a new create would be one too many."""
    harness.enter()
    await harness.end(0, busy())
    harness.enter(gone=lambda: True)
    assert harness.enter(retry=1).is_retry
    assert not harness.enter(retry=1).is_retry


@in_a_loop
async def test_one_note_for_each_client_that_waited(harness: CreatesHarness) -> None:
    harness.enter(gone=lambda: True)
    harness.enter(retry=1)  # the same client again
    await harness.end(0, busy())
    running = harness.enter(gone=lambda: False)
    assert harness.enter(retry=1).is_retry  # its first attempt has been retried: no note is left of it
    assert not harness.enter(retry=2).is_retry
    assert not running.is_retry


@in_a_loop
async def test_notes_are_a_callers_own_and_end(harness: CreatesHarness) -> None:
    harness.enter(caller="a")
    await harness.end(0, busy())
    for caller in "ab":
        harness.enter(caller=caller, gone=lambda: False)
    assert harness.enter(caller="b", retry=1).is_retry
    harness.now += Kept().refused
    assert harness.enter(caller="a", retry=1).is_retry


@in_a_loop
async def test_a_refusal_that_ends_the_retries_leaves_no_note(harness: CreatesHarness) -> None:
    harness.enter()
    await harness.end(0, ApiError(429, "No credits.", retry=False))
    harness.enter(gone=lambda: False)
    assert harness.enter(retry=1).is_retry


def test_notes_are_bounded_and_taken_once() -> None:
    notes = RefusedAttempts(lambda: 0.0, 10)
    for number in range(MAX_NOTES + 1):
        notes.add("a", b"%d" % number, 0)
    notes.add("b", b"0", 0)
    assert not notes.has("a", b"0", 0)
    assert notes.has("b", b"0", 0)
    assert notes.has("a", b"1", 0)
    for _ in range(2):
        notes.take("a", b"1", 0)
    assert not notes.has("a", b"1", 0)

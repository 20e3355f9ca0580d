"""A create that is sent again is not paid again, and nothing of a paid one is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import pytest

from runway_videos.errors import ApiError
from runway_videos.keys.pool import Key
from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError
from unit.fake_runway import PROMPT, ServiceHarness
from unit.loopback import in_a_loop

RETRY = {"x-stainless-retry-count": "1"}


def gone() -> bool:
    return True


async def error_of(
    harness: ServiceHarness, body: bytes = PROMPT, headers: Mapping[str, str] | None = None
) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await harness.ask("POST", "", body, headers=headers)
    return caught.value


@in_a_loop
async def test_equal_creates_are_each_new_but_a_marked_repeat_of_a_lost_one_is_not() -> None:
    harness = ServiceHarness()
    first = await harness.create()
    assert await harness.create() != first
    harness.now += 10
    assert await harness.create(headers=RETRY) not in (first, "")
    lost = await harness.create(gone=gone)
    assert await harness.create(headers=RETRY) == lost
    assert harness.runway.times("create") == 4


@pytest.mark.parametrize("count", ["0", "", "-1", "1.0", "one", "\u00b2", "10000", "1, 1"])
@in_a_loop
async def test_only_a_count_marks_a_repeat(count: str) -> None:
    harness = ServiceHarness()
    lost = await harness.create(gone=gone)
    assert await harness.create(headers={"x-stainless-retry-count": count}) != lost


@in_a_loop
async def test_an_idempotency_key_means_one_create_and_other_content_is_refused() -> None:
    harness = ServiceHarness()
    first = await harness.create(headers={"idempotency-key": "k"})
    assert await harness.create(headers={"idempotency-key": "k"}) == first
    spelled = b'{"seconds": "4", "prompt": "a cat", "user": "somebody"}'
    assert await harness.create(spelled, headers={"idempotency-key": "k"}) == first
    assert await harness.create(headers={"idempotency-key": "other"}) != first
    assert (await error_of(harness, b'{"prompt": "a dog"}', {"idempotency-key": "k"})).status == 409
    assert harness.runway.times("create") == 2


@in_a_loop
async def test_a_create_runs_to_its_end_when_its_client_leaves() -> None:
    harness = ServiceHarness()
    began, going = asyncio.Event(), asyncio.Event()
    create = harness.runway.create

    async def slow(key: Key, path: str, body: bytes) -> Reply:
        began.set()
        await going.wait()
        return await create(key, path, body)

    harness.runway.create = slow  # type: ignore[method-assign]
    asking = asyncio.create_task(harness.ask("POST", "", PROMPT, gone=gone))
    await began.wait()
    assert harness.service.creates_in_flight == 1
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    draining = asyncio.create_task(harness.service.drain(10))
    await asyncio.sleep(0)
    refused = await error_of(harness, b'{"prompt": "new"}')
    # Two tries more, with that before each, outlast the 10 s that it listens for the client that left.
    assert (refused.code, refused.retry, refused.retry_after) == ("shutting_down", True, 8)
    going.set()
    assert await draining == 0
    assert harness.runway.times("create") == 1
    assert await harness.create(headers=RETRY)
    assert harness.runway.times("create") == 1


@in_a_loop
async def test_while_nobody_may_come_back_a_refused_create_may_try_at_once() -> None:
    """Nobody listens any more: its next try meets another process."""
    harness = ServiceHarness()
    await harness.create()
    assert await harness.service.drain(10) == 0
    refused = await error_of(harness, b'{"prompt": "new"}')
    assert (refused.code, refused.retry, refused.retry_after) == ("shutting_down", True, None)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (UnknownOutcomeError("reset"), 502),
        (UnknownOutcomeError("slow", timed_out=True), 504),
        (Reply(500), 502),
        (Reply(504), 502),
        (Reply(200, b"<html>"), 502),
        (Reply(307), 502),
    ],
)
@in_a_loop
async def test_an_unknown_outcome_is_never_sent_again(outcome: Reply | Exception, status: int) -> None:
    harness = ServiceHarness()
    harness.runway.next["create"].append(outcome)
    lost = []
    for headers in ({}, RETRY, {"x-stainless-retry-count": "2"}):
        with pytest.raises(ApiError) as caught:
            await harness.ask("POST", "", PROMPT, headers=headers, gone=gone)
        lost.append(caught.value)
    assert [(each.status, each.retry, each.may_have_made) for each in lost] == [(status, False, True)] * 3
    assert harness.runway.times("create") == 1


@in_a_loop
async def test_retry_of_a_create_that_made_nothing_is_a_new_create() -> None:
    harness = ServiceHarness()
    harness.runway.next["create"].extend([Reply(400, b'{"error":"No."}'), NotSentError("x")])
    assert (await error_of(harness)).status == 400
    assert (await error_of(harness, headers=RETRY)).status == 503
    assert await harness.create(headers={"x-stainless-retry-count": "2"})


@in_a_loop
async def test_a_fault_of_ours_in_a_create_is_not_tried_again() -> None:
    harness = ServiceHarness()
    harness.runway.next["create"].append(RuntimeError("a bug"))
    for headers in ({}, RETRY):
        with pytest.raises(RuntimeError, match="a bug"):
            await harness.ask("POST", "", PROMPT, headers=headers, gone=gone)
    assert harness.runway.times("create") == 1


@in_a_loop
async def test_a_task_that_fits_in_no_id_is_told_to_the_operator(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    harness = ServiceHarness()
    name = "t" * 100
    harness.runway.next["create"].append(Reply(200, b'{"id": "%s"}' % name.encode()))
    error = await error_of(harness)
    assert (error.status, error.retry, error.may_have_made) == (502, False, True)
    assert name in caplog.text

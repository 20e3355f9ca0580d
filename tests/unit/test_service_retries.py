"""A create that is sent again is not paid again, and nothing of a paid one is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import pytest

from runway_videos.errors import ApiError
from runway_videos.keys.pool import Key
from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError
from unit.fake_runway import PROMPT, Desk
from unit.loopback import in_a_loop

RETRY = {"x-stainless-retry-count": "1"}


def gone() -> bool:
    return True


async def error_of(desk: Desk, body: bytes = PROMPT, headers: Mapping[str, str] | None = None) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await desk.ask("POST", "", body, headers=headers)
    return caught.value


@in_a_loop
async def test_equal_creates_are_each_new_but_a_marked_repeat_of_a_lost_one_is_not() -> None:
    desk = Desk()
    first = await desk.create()
    assert await desk.create() != first
    desk.now += 10
    assert await desk.create(headers=RETRY) not in (first, "")
    lost = await desk.create(gone=gone)
    assert await desk.create(headers=RETRY) == lost
    assert desk.runway.times("create") == 4


@pytest.mark.parametrize("count", ["0", "", "-1", "1.0", "one", "\u00b2", "10000", "1, 1"])
@in_a_loop
async def test_only_a_count_marks_a_repeat(count: str) -> None:
    desk = Desk()
    lost = await desk.create(gone=gone)
    assert await desk.create(headers={"x-stainless-retry-count": count}) != lost


@in_a_loop
async def test_an_idempotency_key_means_one_create_and_other_content_is_refused() -> None:
    desk = Desk()
    first = await desk.create(headers={"idempotency-key": "k"})
    assert await desk.create(headers={"idempotency-key": "k"}) == first
    spelled = b'{"seconds": "4", "prompt": "a cat", "user": "somebody"}'
    assert await desk.create(spelled, headers={"idempotency-key": "k"}) == first
    assert await desk.create(headers={"idempotency-key": "other"}) != first
    assert (await error_of(desk, b'{"prompt": "a dog"}', {"idempotency-key": "k"})).status == 409
    assert desk.runway.times("create") == 2


@in_a_loop
async def test_a_create_runs_to_its_end_when_its_client_leaves() -> None:
    desk = Desk()
    began, going = asyncio.Event(), asyncio.Event()
    create = desk.runway.create

    async def slow(key: Key, path: str, body: bytes) -> Reply:
        began.set()
        await going.wait()
        return await create(key, path, body)

    desk.runway.create = slow  # type: ignore[method-assign]
    asking = asyncio.create_task(desk.ask("POST", "", PROMPT, gone=gone))
    await began.wait()
    assert desk.service.creates_in_flight == 1
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    draining = asyncio.create_task(desk.service.drain(10))
    await asyncio.sleep(0)
    assert (await error_of(desk, b'{"prompt": "new"}')).code == "shutting_down"
    going.set()
    assert await draining == 0
    assert desk.runway.times("create") == 1
    assert await desk.create(headers=RETRY)
    assert desk.runway.times("create") == 1


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
    desk = Desk()
    desk.runway.next["create"].append(outcome)
    lost = []
    for headers in ({}, RETRY, {"x-stainless-retry-count": "2"}):
        with pytest.raises(ApiError) as caught:
            await desk.ask("POST", "", PROMPT, headers=headers, gone=gone)
        lost.append(caught.value)
    assert [(each.status, each.retry, each.may_have_made) for each in lost] == [(status, False, True)] * 3
    assert desk.runway.times("create") == 1


@in_a_loop
async def test_what_made_nothing_is_tried_anew() -> None:
    desk = Desk()
    desk.runway.next["create"].extend([Reply(400, b'{"error":"No."}'), NotSentError("x")])
    assert (await error_of(desk)).status == 400
    assert (await error_of(desk, headers=RETRY)).status == 503
    assert await desk.create(headers={"x-stainless-retry-count": "2"})


@in_a_loop
async def test_a_fault_of_ours_in_a_create_is_not_tried_again() -> None:
    desk = Desk()
    desk.runway.next["create"].append(RuntimeError("a bug"))
    for headers in ({}, RETRY):
        with pytest.raises(RuntimeError, match="a bug"):
            await desk.ask("POST", "", PROMPT, headers=headers, gone=gone)
    assert desk.runway.times("create") == 1


@in_a_loop
async def test_a_task_that_fits_in_no_id_is_told_to_the_operator(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    desk = Desk()
    name = "t" * 100
    desk.runway.next["create"].append(Reply(200, b'{"id": "%s"}' % name.encode()))
    error = await error_of(desk)
    assert (error.status, error.retry, error.may_have_made) == (502, False, True)
    assert name in caplog.text

"""A create that is sent again is not paid again, and nothing of a paid one is lost."""

from __future__ import annotations

import asyncio
import logging
from typing import cast
from unittest import mock

import pytest

from runway_videos import service
from runway_videos.conf_file import ConfigError
from runway_videos.errors import ApiError
from runway_videos.keys import Key
from runway_videos.runway_api import NotSentError, Reply, UnknownOutcomeError
from runway_videos.settings import Settings
from unit.fake_runway import KEYS, PROMPT, Desk, FakeRunway
from unit.loopback import in_a_loop
from unit.told import told

RETRY = {"x-stainless-retry-count": "1"}


def gone() -> bool:
    return True


async def error_of(desk: Desk, body: bytes = PROMPT, **headers: str) -> ApiError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(ApiError) as caught:
        await desk.ask("POST", "", body, headers=named)
    return caught.value


@in_a_loop
async def test_equal_creates_are_each_new_but_a_marked_repeat_of_a_lost_one_is_not() -> None:
    desk = Desk()
    first = await desk.create()
    assert await desk.create() != first
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
    assert await desk.create(headers={"idempotency-key": "other"}) != first
    assert (await error_of(desk, b'{"prompt": "a dog"}', idempotency_key="k")).status == 409
    assert desk.runway.times("create") == 2


@in_a_loop
async def test_a_create_runs_to_its_end_when_its_client_leaves() -> None:
    desk = Desk()
    going = asyncio.Event()
    create = desk.runway.create

    async def slow(key: Key, path: str, body: bytes) -> Reply:
        await going.wait()
        return await create(key, path, body)

    desk.runway.create = slow  # type: ignore[method-assign]
    asking = asyncio.create_task(desk.ask("POST", "", PROMPT, gone=gone))
    while not desk.service.creates_in_flight:
        await asyncio.sleep(0)
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
    assert (await error_of(desk, **{"x_stainless_retry_count": "1"})).status == 503
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


# A new configuration


def settings_of(**options: object) -> Settings:
    return told(KEYS, **({"keys": [{"name": "a", "value": "env.A"}]} | options))


@in_a_loop
async def test_new_settings_keep_videos_repeats_and_memory() -> None:
    desk = Desk()
    video_id, lost = await desk.create(), await desk.create(gone=gone)
    both = [{"name": "b", "value": "env.B"}, {"name": "a", "value": "env.A", "weight": 0}]
    desk.service.reconfigure(settings_of(keys=both, poll_seconds=9))
    assert (await desk.video("GET", f"/{video_id}"))["prompt"] == "a cat"
    assert await desk.create(headers=RETRY) == lost
    await desk.create()
    assert list(desk.runway.made_with.values()) == ["a", "a", "b"]
    answer = await desk.ask("GET", f"/{video_id}")
    assert "'openai-poll-after-ms': '9000'" in repr(answer)


@in_a_loop
async def test_the_video_of_a_key_that_is_gone_waits_for_the_operator() -> None:
    desk = Desk()
    video_id = await desk.create()
    desk.service.reconfigure(settings_of(keys=[{"name": "b", "value": "env.B"}]))
    with pytest.raises(ApiError) as caught:
        await desk.ask("GET", f"/{video_id}")
    assert (caught.value.status, caught.value.retry, caught.value.code) == (503, False, "runway_key_gone")
    desk.service.reconfigure(settings_of())
    assert (await desk.video("GET", f"/{video_id}"))["id"] == video_id


@in_a_loop
async def test_a_change_of_keys_in_the_middle_of_a_create_loses_nothing() -> None:
    desk = Desk()
    create = desk.runway.create

    async def changing(key: Key, path: str, body: bytes) -> Reply:
        desk.service.reconfigure(settings_of(keys=[{"name": "b", "value": "env.B"}]))
        return await create(key, path, body)

    desk.runway.create = changing  # type: ignore[method-assign]
    video_id = await desk.create()
    desk.service.reconfigure(settings_of())
    assert (await desk.video("GET", f"/{video_id}"))["id"] == video_id


@in_a_loop
async def test_settings_that_cannot_be_taken_change_nothing() -> None:
    desk = Desk()
    video_id = await desk.create()
    before = desk.parts.settings
    with (
        mock.patch.object(service, "IdSealer", side_effect=ValueError("two keys cannot be told apart")),
        pytest.raises(ConfigError, match=r"^runway_keys: two keys cannot be told apart$"),
    ):
        desk.service.reconfigure(settings_of(keys=[{"name": "b", "value": "env.B"}], content="redirect"))
    assert desk.parts.settings is before
    assert (await desk.video("GET", f"/{video_id}"))["id"] == video_id
    await desk.create()
    assert set(desk.runway.made_with.values()) == {"a"}


@in_a_loop
async def test_another_runway_is_asked_from_then_on() -> None:
    desk = Desk()
    with mock.patch.object(service, "RunwayApi", FakeRunway):
        desk.service.reconfigure(settings_of(poll_seconds=1))
        first = desk.runway
        desk.service.reconfigure(settings_of(base_url="http://127.0.0.1:9"))
    assert desk.runway is not first
    assert desk.runway.base_url == "http://127.0.0.1:9"
    assert not first.closed  # creates may be under way on it
    await desk.create()
    assert first.asked == []


@pytest.mark.parametrize("before", [False, True])
@in_a_loop
async def test_the_sandbox_is_entered_and_left_at_a_start_alone(before: bool) -> None:
    desk = Desk(sandbox=before)
    desk.service.reconfigure(settings_of(sandbox=not before))
    desk.service.reconfigure(settings_of(sandbox=before))
    with (
        mock.patch.object(service, "Sandbox") as sandbox,
        mock.patch.object(service, "RunwayApi", FakeRunway),
    ):
        sandbox.return_value.start = mock.AsyncMock(return_value="http://127.0.0.1:9")
        await desk.service.start()
        await desk.service.start()  # the script was reloaded
        assert sandbox.call_count == int(before)
    settings = desk.parts.settings
    with pytest.raises(ConfigError, match=r"^runway_sandbox: takes effect at the start"):
        desk.service.reconfigure(settings_of(sandbox=not before))
    assert desk.parts.settings is settings
    assert desk.runway.base_url == ("http://127.0.0.1:9" if before else settings.base_url)
    desk.service.reconfigure(settings_of(sandbox=before, poll_seconds=1, base_url="https://elsewhere"))
    assert desk.runway.base_url == ("http://127.0.0.1:9" if before else settings.base_url)


@in_a_loop
async def test_the_sandbox_itself_serves_and_ends() -> None:
    made = service.Service(told(sandbox=True))
    await made.start()
    desk = Desk(sandbox=True)
    desk.service = made
    video_id = await desk.create()
    assert (await desk.video("GET", f"/{video_id}"))["status"] in ("queued", "in_progress")
    await made.close()
    found = cast(service.Service, desk.service)
    assert found._parts.api._pooled.is_closed

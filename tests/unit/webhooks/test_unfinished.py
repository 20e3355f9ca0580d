"""Videos whose ends webhooks wait for are polled by the proxy itself, as seldom as clients may."""

from __future__ import annotations

import logging

import pytest

from runway_videos.upstream.client import NotSentError
from runway_videos.upstream.poll import Poller
from runway_videos.webhooks.unfinished import LONGEST_WAIT, MAX_SECONDS, UnfinishedVideos
from unit.config.option_values import settings_from
from unit.fake_runway import KEYS
from unit.loopback import in_a_loop
from unit.webhooks.harness import DONE, HOOK, WebhookHarness


@in_a_loop
async def test_an_end_is_told_without_anybody_asking() -> None:
    harness = WebhookHarness()
    video_id = await harness.create()
    await harness.pass_time(8)
    assert harness.receiver.sent == []
    harness.set(**DONE)
    await harness.pass_time(8)
    (sent,) = harness.receiver.sent
    assert sent.event["data"] == {"id": video_id}
    calls = harness.runway.times("get")
    await harness.pass_time(10_000)
    assert harness.runway.times("get") == calls
    assert harness.sleepers == 0


@pytest.mark.parametrize("poll_seconds", [0, 5, 30])
@in_a_loop
async def test_runway_is_asked_no_more_often_than_clients_may(poll_seconds: int) -> None:
    harness = WebhookHarness(poll_seconds=poll_seconds)
    video_id = await harness.create()
    least = max(1, poll_seconds)
    await harness.pass_time(60)
    assert 60 / (1.25 * least + 2) - 1 <= harness.runway.times("get") <= 60 / least
    if poll_seconds:
        for _ in range(60):  # a client that asks too makes no difference
            before = harness.runway.times("get")
            await harness.video("GET", f"/{video_id}")
            await harness.pass_time(poll_seconds)
            assert harness.runway.times("get") <= before + 2


@in_a_loop
async def test_a_slow_video_is_asked_about_less_often() -> None:
    harness = WebhookHarness()
    await harness.create()
    await harness.pass_time(3600)
    before = harness.runway.times("get")
    await harness.pass_time(20 * LONGEST_WAIT)
    assert 14 <= harness.runway.times("get") - before <= 20


@in_a_loop
async def test_a_runway_that_is_down_is_asked_less_often_and_nothing_is_lost() -> None:
    harness = WebhookHarness()
    await harness.create()
    harness.runway.next["get"].extend([NotSentError("ConnectError")] * 10)
    harness.set(**DONE)
    await harness.pass_time(100)
    assert harness.runway.times("get") <= 6
    await harness.pass_time(1000)
    assert len(harness.receiver.sent) == 1


@in_a_loop
async def test_other_peoples_videos_are_not_polled() -> None:
    callers = [{"name": name, "value": f"env.{name.upper()}"} for name in ("t1", "t2")]
    webhooks = [HOOK | {"callers": ["t1"]}]
    harness = WebhookHarness({"T1": "tok_1", "T2": "tok_2"}, callers=callers, webhooks=webhooks)
    await harness.create(caller="t2")
    harness.set(**DONE)
    await harness.pass_time(100)
    assert harness.runway.asked == [("create", "/v1/text_to_video")]
    video_id = await harness.create(caller="t1")
    harness.set(**DONE)
    await harness.pass_time(100)
    assert [sent.event["data"]["id"] for sent in harness.receiver.sent] == [video_id]


@pytest.mark.parametrize("why", ["deleted", "gone at Runway", "its key is gone", "a day has passed"])
@in_a_loop
async def test_some_are_waited_for_no_more(why: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    keys = [{"name": "a", "value": "env.A"}]
    harness = WebhookHarness(keys=keys)
    video_id = await harness.create()
    if why == "deleted":
        await harness.video("DELETE", f"/{video_id}")
    elif why == "gone at Runway":
        harness.runway.tasks.clear()
    elif why == "its key is gone":
        keys = [{"name": "b", "value": "env.B"}]
        harness.service.reconfigure(settings_from(KEYS, keys=keys, webhooks=[HOOK]))
    else:
        harness.now += MAX_SECONDS
    await harness.pass_time(300)
    calls = harness.runway.times("get")
    await harness.pass_time(10_000)
    assert harness.runway.times("get") == calls
    assert harness.sleepers == 0
    assert harness.receiver.sent == []
    told = [line for line in caplog.messages if line.startswith("webhook: nobody is told of the end of")]
    assert len(told) == (0 if why == "deleted" else 1)


@in_a_loop
async def test_of_too_many_the_oldest_is_polled_no_more(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    harness = WebhookHarness(webhooks=[])
    ids = [await harness.create() for _ in range(3)]
    service = harness.service
    videos = UnfinishedVideos(Poller(), lambda: service.runtime, max_videos=2)
    for task, video_id in zip(harness.runway.tasks, ids, strict=True):
        videos.add(task, video_id, "")
    assert len(videos) == 2
    await harness.pass_time(8)
    assert {what for name, what in harness.runway.asked if name == "get"} == set(
        list(harness.runway.tasks)[1:]
    )
    assert (
        f"webhook: nobody is told of the end of {ids[0]}: too many videos are unfinished" in caplog.messages
    )
    videos.end()

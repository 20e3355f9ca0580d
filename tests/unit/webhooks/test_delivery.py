"""Delivery: at least once, in order for each video, again for an hour, within bounds."""

from __future__ import annotations

import logging
from itertools import pairwise

import pytest

from runway_videos.webhooks.delivery import FIRST_WAIT, GIVE_UP_SECONDS, LONGEST_WAIT, MAX_AT_ONCE
from unit.loopback import in_a_loop
from unit.upstream.held_harness import settle
from unit.webhooks.harness import DONE, URL, WebhookHarness


@in_a_loop
async def test_an_end_is_sent_at_once_and_once() -> None:
    harness = WebhookHarness()
    (video_id,) = await harness.ended()
    (sent,) = harness.receiver.sent
    assert sent.url == URL
    event = sent.event
    assert event.pop("id").startswith("evt_")
    assert event == {
        "object": "event",
        "created_at": int(harness.unix_time()),
        "type": "video.completed",
        "data": {"id": video_id},
    }
    await harness.pass_time(10_000)
    assert len(harness.receiver.sent) == 1
    assert harness.sleepers == 0


@in_a_loop
async def test_what_is_not_taken_is_sent_again_for_an_hour() -> None:
    harness = WebhookHarness()
    harness.receiver.problems.extend(["HTTP 500"] * 100)
    await harness.ended()
    await harness.pass_time(2 * GIVE_UP_SECONDS)
    times = [sent.at for sent in harness.receiver.sent]
    waits = [after - before for before, after in pairwise(times)]
    assert FIRST_WAIT <= waits[0] <= FIRST_WAIT * 1.25 + 1
    for before, after in pairwise(waits[:-1]):
        assert after > before or after >= LONGEST_WAIT
    assert max(waits) <= LONGEST_WAIT * 1.25 + 1
    assert GIVE_UP_SECONDS <= times[-1] - times[0] <= GIVE_UP_SECONDS + 1
    assert 12 <= len(times) <= 16
    assert len({sent.event["id"] for sent in harness.receiver.sent}) == 1
    assert len({sent.body for sent in harness.receiver.sent}) == 1
    # Each try is signed for its own time: a receiver takes none that is old.
    assert len({sent.headers["webhook-timestamp"] for sent in harness.receiver.sent}) == len(times)
    assert harness.sleepers == 0


@in_a_loop
async def test_the_log_says_what_became_of_it_and_shows_no_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    harness = WebhookHarness()
    harness.receiver.problems.extend(["HTTP 500"] * 2)
    (video_id,) = await harness.ended()
    await harness.pass_time(60)
    lines = [line for line in caplog.messages if line.startswith("webhook")]
    assert lines[0].startswith(
        f"webhook: hooks.example did not take the end of {video_id}: HTTP 500; again in "
    )
    assert lines[1:] == [f"webhook: hooks.example was told video.completed, {video_id}"]
    harness.receiver.problems.extend(["HTTP 500"] * 100)
    (lost,) = await harness.ended()
    await harness.pass_time(2 * GIVE_UP_SECONDS)
    assert f"webhook: hooks.example is not told of the end of {lost}: HTTP 500" in caplog.messages
    assert "hush" not in caplog.text
    assert "whsec" not in caplog.text


@in_a_loop
async def test_a_video_that_ends_twice_is_told_of_in_order() -> None:
    harness = WebhookHarness()
    video_id = await harness.create()
    harness.receiver.problems.extend(["HTTP 500"] * 3)
    harness.set(status="FAILED", failure="why")
    await harness.video("GET", f"/{video_id}")
    await harness.pass_time(400)  # the failure is kept no more: Runway is asked again
    harness.receiver.problems.extend(["HTTP 500"] * 5)
    harness.set(**DONE)
    await harness.video("GET", f"/{video_id}")
    await harness.pass_time(3000)
    types = [sent.event["type"] for sent in harness.receiver.sent]
    assert types == sorted(types, reverse=True)
    assert set(types) == {"video.failed", "video.completed"}


@in_a_loop
async def test_only_so_many_are_sent_at_once() -> None:
    harness = WebhookHarness()
    harness.receiver.takes.clear()
    await harness.ended(3 * MAX_AT_ONCE)
    assert harness.receiver.at_once == MAX_AT_ONCE
    harness.receiver.takes.set()
    await settle()
    await harness.pass_time(5)
    assert len(harness.receiver.sent) == 3 * MAX_AT_ONCE
    assert harness.receiver.most_at_once == MAX_AT_ONCE

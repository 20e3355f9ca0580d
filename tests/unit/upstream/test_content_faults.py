"""Bytes on Runway's bad days: no link from memory, no link that has failed."""

from __future__ import annotations

import pytest

from runway_videos.upstream.client import Reply
from unit.fake_runway import ServiceHarness
from unit.loopback import in_a_loop
from unit.upstream.content_harness import LINK, OTHER, download, finished, refused


@in_a_loop
async def test_while_runway_is_down_no_old_link_is_given() -> None:
    harness = ServiceHarness()
    video_id = await finished(harness)
    await harness.ask("GET", f"/{video_id}")
    harness.now += 10
    harness.runway.next["get"].extend([Reply(503)] * 3)
    error = await refused(harness, f"/{video_id}/content", 503)
    assert (error.code, error.retry) == ("runway_unavailable", None)
    assert "nothing is lost, try again" in error.message
    # Memory has no link: it is not asked a second time, nor is a link tried.
    assert (harness.runway.times("get"), harness.runway.times("probe")) == (4, 0)
    assert (await download(harness, video_id)).url == LINK


@in_a_loop
async def test_while_runway_is_down_a_failure_is_still_told() -> None:
    harness = ServiceHarness()
    video_id = await finished(harness, status="FAILED", failure="Not this.")
    await harness.ask("GET", f"/{video_id}")
    harness.now += 10
    harness.runway.next["get"].extend([Reply(503)] * 3)
    assert (await refused(harness, f"/{video_id}/content", 400)).code == "video_failed"


@in_a_loop
async def test_a_link_that_fails_behind_its_trial_is_not_used_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    harness = ServiceHarness()
    video_id = await finished(harness)
    given = await download(harness, video_id)
    harness.service.link_failed(given, "it answered 403")
    assert caplog.messages == [f"task {given.task}: Runway did not give the video's bytes: it answered 403"]
    harness.set(output=[OTHER])
    harness.now += 5
    fresh = await download(harness, video_id)
    assert fresh.url == OTHER
    assert harness.runway.times("probe") == 2
    # A slower download of the old link says nothing of the new one.
    harness.service.link_failed(given, "it answered 403")
    assert await download(harness, video_id) == fresh
    assert harness.runway.times("probe") == 2
    await harness.ask("DELETE", f"/{video_id}")
    harness.service.link_failed(fresh, "it broke")  # nothing is known of it any more
    assert "hush" not in caplog.text

"""Bad days of Runway's while a video is deleted: asked again, and never deleted twice."""

from __future__ import annotations

import pytest

from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError
from unit.fake_runway import ServiceHarness
from unit.loopback import in_a_loop
from unit.upstream.poll_harness import DOWN, refused


@pytest.mark.parametrize("failure", [*DOWN, Reply(500), Reply(504), Reply(429)])
@in_a_loop
async def test_a_deletion_that_fails_is_asked_again(failure: Reply | Exception) -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.runway.next["delete"].extend([failure, failure])
    began = harness.now
    assert (await harness.video("DELETE", f"/{video_id}"))["deleted"] is True
    assert harness.runway.tasks == {}
    assert 1.5 <= harness.now - began <= 2.25


@pytest.mark.parametrize("lost", [UnknownOutcomeError("ReadError"), Reply(500), Reply(504)])
@in_a_loop
async def test_a_deletion_whose_answer_was_lost_was_done(lost: Reply | Exception) -> None:
    """Asked again Runway says 404, which is then no refusal."""
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.runway.tasks.clear()
    harness.runway.next["delete"].append(lost)
    assert (await harness.video("DELETE", f"/{video_id}"))["deleted"] is True


@pytest.mark.parametrize("shed", [Reply(502), Reply(503), Reply(429), NotSentError("ConnectError")])
@in_a_loop
async def test_a_deletion_that_was_never_begun_finds_nothing_to_delete(shed: Reply | Exception) -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.runway.tasks.clear()
    harness.runway.next["delete"].append(shed)
    assert (await refused(harness, "DELETE", video_id)).status == 404


@pytest.mark.parametrize("failure", DOWN)
@in_a_loop
async def test_a_deletion_while_runway_is_down_may_be_tried_again(failure: Reply | Exception) -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.runway.next["delete"].extend([failure] * 3)
    error = await refused(harness, "DELETE", video_id)
    assert (error.status, error.retry) == (503, None)
    assert (await harness.video("GET", f"/{video_id}"))["status"] == "queued"
    assert (await harness.video("DELETE", f"/{video_id}"))["deleted"] is True

"""Bad days of Runway's for a video that was made: asked again, told truly, and never lost."""

from __future__ import annotations

import logging
from collections import deque

import pytest

from runway_videos.upstream.client import Reply, UnknownOutcomeError
from runway_videos.upstream.poll import MAX_RETRY_SECONDS, NEW_TASK_SECONDS
from unit.fake_runway import KEYS, ServiceHarness, missing, ok
from unit.loopback import in_a_loop
from unit.upstream.poll_harness import DOWN, refused


@pytest.mark.parametrize("failure", [*DOWN, Reply(500), Reply(504), Reply(429), Reply(200, b"<html>")])
@in_a_loop
async def test_a_question_that_fails_is_asked_again(failure: Reply | Exception) -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.runway.next["get"].extend([failure, failure])
    began = harness.now
    assert (await harness.video("GET", f"/{video_id}"))["status"] == "queued"
    assert harness.runway.times("get") == 3
    assert 1.5 <= harness.now - began <= 2.25


@pytest.mark.parametrize("failure", DOWN)
@in_a_loop
async def test_while_runway_is_down_the_last_status_serves_for_five_minutes(
    failure: Reply | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.set(status="RUNNING", progress=0.3)
    cached = await harness.video("GET", f"/{video_id}")
    harness.runway.next["get"].extend([failure] * 6)
    harness.now += 290
    with caplog.at_level(logging.WARNING, "runway"):
        assert await harness.video("GET", f"/{video_id}") == cached
    assert "status from memory" in caplog.text
    harness.now += 20
    error = await refused(harness, "GET", video_id)
    assert (error.status, error.code, error.retry) == (503, "runway_unavailable", None)


@in_a_loop
async def test_without_a_last_status_it_says_that_nothing_is_lost() -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.runway.next["get"].extend([Reply(502)] * 3)
    error = await refused(harness, "GET", video_id)
    assert error.status == 503
    assert error.message == ("Runway cannot be reached about this video now; nothing is lost, try again.")
    assert error.detail == "HTTP 502"


@pytest.mark.parametrize(
    ("seconds", "times"),
    [(MAX_RETRY_SECONDS - 1, 2), (MAX_RETRY_SECONDS, 2), (MAX_RETRY_SECONDS + 0.1, 1), (8.0, 3)],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
@in_a_loop
async def test_no_try_begins_when_the_client_has_waited_long(method: str, seconds: float, times: int) -> None:
    """`seconds` is how long Runway lets each question hang."""
    harness = ServiceHarness()
    video_id = await harness.create()

    def hang() -> Exception:
        harness.now += seconds
        return UnknownOutcomeError("ReadTimeout", timed_out=True)

    name = method.lower()
    harness.runway.next[name].extend([hang] * 5)
    error = await refused(harness, method, video_id)
    assert (error.status, error.detail) == (503, "ReadTimeout")
    assert harness.runway.times(name) == times


@pytest.mark.parametrize("wrong", [None, 5, "another", ""])
@in_a_loop
async def test_an_answer_about_another_task_is_never_shown(wrong: object) -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    other = {"id": wrong, "status": "SUCCEEDED", "output": ["https://files.example/anothers.mp4"]}
    harness.runway.next["get"].extend([ok(other)] * 3)
    harness.now += NEW_TASK_SECONDS
    for path in (video_id, f"{video_id}/content"):
        error = await refused(harness, "GET", path)
        assert (error.status, error.code) == (503, "runway_unavailable")
        harness.runway.next["get"].extend([ok(other)] * 3)
    harness.runway.next["get"].clear()
    harness.runway.next["get"].append(ok(other))
    assert (await harness.video("GET", f"/{video_id}"))["status"] == "queued"  # asked again at once


@pytest.mark.parametrize("times", [1, 2])
@in_a_loop
async def test_a_404_in_the_first_minute_is_asked_about_again(times: int) -> None:
    harness = ServiceHarness(poll_seconds=0)
    video_id = await harness.create()
    harness.runway.next["get"].extend([missing()] * times)
    assert (await harness.video("GET", f"/{video_id}"))["status"] == "queued"
    assert harness.runway.times("get") == times + 1


@in_a_loop
async def test_a_404_that_stays_is_believed_and_taken_back_when_runway_finds_the_task() -> None:
    harness = ServiceHarness(poll_seconds=0)
    video_id = await harness.create()
    harness.runway.next["get"].extend([missing()] * 3)
    assert (await refused(harness, "GET", video_id)).status == 404
    assert harness.runway.next["get"] == deque()
    assert (await harness.video("GET", f"/{video_id}"))["prompt"] == "a cat"
    harness.now += NEW_TASK_SECONDS
    harness.runway.next["get"].append(missing())
    assert (await refused(harness, "GET", video_id)).status == 404


@in_a_loop
async def test_a_404_about_a_new_video_of_another_process_is_asked_about_again_too() -> None:
    """Behind a balancer, or after a restart."""
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.service.runtime.videos.forget(next(iter(harness.runway.tasks)))
    harness.runway.next["get"].append(missing())
    assert (await harness.video("GET", f"/{video_id}"))["status"] == "queued"
    assert harness.runway.times("get") == 2


@in_a_loop
async def test_a_404_about_an_older_video_of_another_process_is_believed() -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.service.runtime.videos.forget(next(iter(harness.runway.tasks)))
    harness.runway.tasks.clear()
    harness.now += NEW_TASK_SECONDS
    assert (await refused(harness, "GET", video_id)).status == 404
    assert harness.runway.times("get") == 1


@pytest.mark.parametrize("later", ["RUNNING", "PENDING", "THROTTLED", "FAILED", "CANCELLED", "ODD"])
@in_a_loop
async def test_a_completed_video_stays_completed(later: str) -> None:
    harness = ServiceHarness(poll_seconds=0)
    video_id = await harness.create()
    harness.set(status="SUCCEEDED", output=["https://files.example/v.mp4"])
    before = await harness.video("GET", f"/{video_id}")
    harness.now += 301  # the status in memory is too old to be given out
    harness.set(status=later, output=None)
    assert await harness.video("GET", f"/{video_id}") == before
    error = await refused(harness, "GET", f"{video_id}/content")
    assert (error.status, error.code, error.retry_after) == (503, "content_unavailable", 5)
    harness.now += 301
    harness.set(status="SUCCEEDED", output=["https://files.example/v.mp4"])
    assert await harness.video("GET", f"/{video_id}") == before


@in_a_loop
async def test_a_failed_video_stays_failed_unless_runway_has_it_after_all() -> None:
    harness = ServiceHarness(poll_seconds=0)
    video_id = await harness.create()
    harness.set(status="FAILED", failureCode="INTERNAL")
    await harness.video("GET", f"/{video_id}")
    harness.now += 301
    harness.set(status="RUNNING", progress=0.5)
    assert (await harness.video("GET", f"/{video_id}"))["status"] == "failed"
    harness.now += 301
    harness.set(status="SUCCEEDED", output=["https://files.example/v.mp4"])
    assert (await harness.video("GET", f"/{video_id}"))["status"] == "completed"


@pytest.mark.parametrize("later", ["PENDING", "THROTTLED"])
@in_a_loop
async def test_what_runs_does_not_wait_again(later: str) -> None:
    harness = ServiceHarness(poll_seconds=0)
    video_id = await harness.create()
    harness.set(status="RUNNING", progress=0.5)
    before = await harness.video("GET", f"/{video_id}")
    harness.set(status=later)
    assert await harness.video("GET", f"/{video_id}") == before


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@in_a_loop
async def test_a_task_that_is_gone_is_a_404_and_is_forgotten(method: str) -> None:
    harness = ServiceHarness(poll_seconds=0)
    video_id = await harness.create()
    harness.runway.tasks.clear()
    harness.now += NEW_TASK_SECONDS
    error = await refused(harness, method, video_id)
    assert (error.status, error.code) == (404, "not_found")
    assert len(harness.service.runtime.videos) == 0


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("answer", [401, 403])
@in_a_loop
async def test_a_key_that_is_refused_is_not_the_callers_401(method: str, answer: int) -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.runway.next[{"GET": "get", "DELETE": "delete"}[method]].append(Reply(answer, b'{"error": "No"}'))
    error = await refused(harness, method, video_id)
    assert (error.status, error.code, error.retry) == (503, "runway_key_refused", False)
    assert KEYS["A"] not in error.message + error.detail
    assert harness.runway.times("get") + harness.runway.times("delete") == 1


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@in_a_loop
async def test_an_answer_that_nobody_expects_is_no_end(method: str) -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.runway.next[{"GET": "get", "DELETE": "delete"}[method]].append(
        Reply(418, b'{"error": "A teapot"}')
    )
    error = await refused(harness, method, video_id)
    assert (error.status, error.message) == (502, "Runway answered 418 about this video.")


@pytest.mark.parametrize("status", [401, 403, 404, 418])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
@in_a_loop
async def test_a_page_of_something_in_between_says_nothing_of_the_video_and_its_key(
    method: str, status: int
) -> None:
    harness = ServiceHarness(poll_seconds=0)
    video_id = await harness.create()
    harness.now += NEW_TASK_SECONDS
    name = {"GET": "get", "DELETE": "delete"}[method]
    harness.runway.next[name].extend([Reply(status, b"<html>blocked</html>")] * 3)
    error = await refused(harness, method, video_id)
    assert error.status == (503 if (method, status) == ("GET", 404) else 502)
    assert error.retry is None
    harness.runway.next[name].clear()
    assert (await harness.video("GET", f"/{video_id}"))["prompt"] == "a cat"

"""A video's bytes: a link that has just worked, and nothing of it where it does not belong."""

from __future__ import annotations

import logging

import pytest

from runway_videos.openai.messages import Answer, Download
from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError
from unit.fake_runway import ServiceHarness
from unit.loopback import in_a_loop
from unit.upstream.content_harness import DONE, LINK, OTHER, download, finished, refused

PRIVATE = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}
# What the alias of a create without a model chose.
MADE = {"x-runway-model": "seedance2_mini", "x-runway-size": "720x1280"}
HEADERS = {**PRIVATE, **MADE}
MARKED = {"x-runway-sandbox": "true", **HEADERS}


@in_a_loop
async def test_a_finished_video_is_its_link_and_the_range_that_was_asked() -> None:
    harness = ServiceHarness()
    video_id = await finished(harness)
    passed = {"range": "bytes=5-", "if-range": '"tag"'}
    found = await download(harness, video_id, headers=passed | {"cookie": "c", "accept": "a", "api-key": "k"})
    (task,) = harness.runway.tasks
    assert found == Download(LINK, passed, HEADERS, task)
    assert await download(harness, video_id) == Download(LINK, {}, HEADERS, task)
    head = await harness.ask("HEAD", f"/{video_id}/content")
    assert isinstance(head, Download)


@pytest.mark.parametrize("end", ["", "?", "?variant=", "?variant=video"])
@in_a_loop
async def test_without_a_variant_it_is_the_video(end: str) -> None:
    harness = ServiceHarness()
    assert (await download(harness, await finished(harness), end)).url == LINK


@pytest.mark.parametrize("variant", ["Thumbnail", "Video", "x" * 5000, "\x1b[31m\udcff"])
@in_a_loop
async def test_other_variants_are_refused_before_anything_is_asked(variant: str) -> None:
    harness = ServiceHarness()
    video_id = await finished(harness)
    error = await refused(harness, f"/{video_id}/content?variant={variant}", 400)
    assert (error.param, error.code) == ("variant", "invalid_value")
    assert "say video, thumbnail or spritesheet, or leave it out." in error.message
    assert len(error.message) < 300
    assert error.message.isprintable()
    assert harness.runway.times("get") == 0


@pytest.mark.parametrize("status", ["PENDING", "THROTTLED", "RUNNING", "NEW_WORD"])
@in_a_loop
async def test_before_the_end_it_is_not_ready_as_openai_says_it(status: str) -> None:
    harness = ServiceHarness()
    video_id = await finished(harness, status=status)
    for _ in range(3):
        error = await refused(harness, f"/{video_id}/content", 404)
        assert error.message == (f"Video is not ready yet, use GET /v1/videos/{video_id} to check status.")
        assert error.code == "video_not_ready"
    # Those who ask again and again cost Runway one question in `runway_poll_seconds`.
    assert harness.runway.times("get") == 1
    harness.now += 5
    harness.set(**DONE)
    assert (await download(harness, video_id)).url == LINK


@in_a_loop
async def test_a_failed_video_says_why() -> None:
    harness = ServiceHarness()
    video_id = await finished(harness, status="FAILED", failureCode="SAFETY.INPUT.TEXT", failure="Not this.")
    for _ in range(2):
        error = await refused(harness, f"/{video_id}/content", 400)
        assert error.code == "video_failed"
        assert error.message == (
            "The video failed and has no content: Runway's moderation did not accept the input. Not this."
        )
    assert harness.runway.times("get") == 1
    assert harness.runway.times("probe") == 0


@in_a_loop
async def test_a_redirect_is_not_stored_and_has_no_body() -> None:
    harness = ServiceHarness(content="redirect", sandbox=True)
    for method in ("GET", "HEAD"):
        found = await harness.ask(
            method, f"/{await finished(harness)}/content", headers={"range": "bytes=0-"}
        )
        headers = {"location": LINK, "x-runway-sandbox": "true", **HEADERS}
        assert found == Answer(302, headers, b"")


@in_a_loop
async def test_the_sandboxs_bytes_are_marked() -> None:
    harness = ServiceHarness(sandbox=True)
    assert (await download(harness, await finished(harness))).response_headers == MARKED


# Links


@in_a_loop
async def test_a_link_that_worked_is_used_for_a_minute() -> None:
    harness = ServiceHarness()
    video_id = await finished(harness)
    for _ in range(3):
        await download(harness, video_id)
        harness.now += 19.9
    assert (harness.runway.times("get"), harness.runway.times("probe")) == (1, 1)
    harness.now += 0.4
    harness.set(output=[OTHER])
    assert (await download(harness, video_id)).url == OTHER
    assert (harness.runway.times("get"), harness.runway.times("probe")) == (2, 2)


@pytest.mark.parametrize(
    "first", [Reply(403), Reply(302), Reply(500), NotSentError("x"), UnknownOutcomeError("x")]
)
@in_a_loop
async def test_a_link_that_does_not_work_is_asked_for_anew(first: Reply | Exception) -> None:
    harness = ServiceHarness()
    video_id = await finished(harness)
    harness.runway.next["probe"].append(first)
    assert (await download(harness, video_id)).url == LINK
    assert [name for name, _ in harness.runway.asked] == ["create", "get", "probe", "get", "probe"]


@pytest.mark.parametrize(
    "output",
    [
        *([], None, [5, None], "x", {"url": LINK}, [""], [f"{LINK}\r\nX: y"], ["https://x/hush hush"]),
        *(["ftp://x/hush"], ["javascript:hush"], ["https://ä/hush"], [LINK[5:]]),
    ],
)
@in_a_loop
async def test_what_is_no_link_is_never_followed(output: object) -> None:
    harness = ServiceHarness()
    error = await refused(harness, f"/{await finished(harness, output=output)}/content", 502)
    assert error.code == "content_unavailable"
    assert "not lost, try again" in error.message
    assert error.retry is None
    assert harness.runway.times("probe") == 0


@in_a_loop
async def test_the_first_that_is_a_link_counts() -> None:
    harness = ServiceHarness()
    assert (await download(harness, await finished(harness, output=["", LINK, OTHER]))).url == LINK


@in_a_loop
async def test_a_dead_store_is_told_without_the_link(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    harness = ServiceHarness()
    video_id = await finished(harness)
    cause = RuntimeError(f"something about {LINK}")
    dead = NotSentError(str(cause))
    dead.__cause__ = cause
    harness.runway.next["probe"].extend([dead, Reply(404)])
    await refused(harness, f"/{video_id}/content", 502)
    # It is not remembered: the next one asks again.
    harness.runway.next["probe"].extend([dead, dead])
    await refused(harness, f"/{video_id}/content", 502)
    assert (await download(harness, video_id)).url == LINK
    assert "hush" not in caplog.text
    assert "bytes: HTTP 404" in caplog.text
    assert "bytes: RuntimeError" in caplog.text


# Whose


@in_a_loop
async def test_anothers_video_is_an_unknown_one_and_nothing_is_asked() -> None:
    tokens = {"T1": "tok_1", "T2": "tok_2"}
    harness = ServiceHarness(tokens, callers=[{"name": name, "value": f"env.{name}"} for name in tokens])
    video_id = await harness.create(caller="T1")
    harness.set(**DONE)
    asked = list(harness.runway.asked)
    error = await refused(harness, f"/{video_id}/content", 404, caller="T2")
    forged = video_id[:-4] + ("AAAA" if video_id[-4:] != "AAAA" else "BBBB")
    other = await refused(harness, f"/{forged}/content", 404, caller="T2")
    assert error.message.replace(video_id, "") == other.message.replace(forged, "")
    assert (error.code, error.param, error.type) == (other.code, other.param, other.type)
    assert harness.runway.asked == asked


@in_a_loop
async def test_a_video_that_is_deleted_has_no_bytes_whatever_was_known() -> None:
    harness = ServiceHarness()
    video_id = await finished(harness)
    await download(harness, video_id)
    await harness.ask("DELETE", f"/{video_id}")
    assert (await refused(harness, f"/{video_id}/content", 404)).code == "not_found"

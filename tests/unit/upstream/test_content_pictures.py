"""Thumbnails and sprite sheets: of whom, when, and out of which bytes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import IO, Any

import pytest

from runway_videos.openai.messages import Answer
from runway_videos.previews.maker import PictureMaker
from runway_videos.previews.pictures import Picture
from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError
from unit.fake_runway import ServiceHarness
from unit.loopback import in_a_loop
from unit.upstream.content_harness import DONE, LINK, OTHER, finished, refused

PRIVATE = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}
MADE = {
    "thumbnail": Picture.of("thumbnail", b"thumbnail of video"),
    "spritesheet": Picture.of("spritesheet", b"spritesheet of video"),
}


async def made(file: IO[bytes]) -> list[bytes]:
    """Pictures that say what is in the file."""
    content = os.pread(file.fileno(), 1000, 0)
    return [b"%s of %s" % (name.encode(), content) for name in MADE]


def harness_of(is_installed: Callable[[], bool] = lambda: True, **options: Any) -> ServiceHarness:
    harness = ServiceHarness(pictures=PictureMaker(float, make=made, is_installed=is_installed), **options)
    harness.runway.file = b"video"
    return harness


async def ask(
    harness: ServiceHarness, video_id: str, name: str, method: str = "GET", **headers: str
) -> Answer:
    found = await harness.ask(method, f"/{video_id}/content?variant={name}", headers=headers)
    assert isinstance(found, Answer)
    return found


@pytest.mark.parametrize("content", ["stream", "redirect"])
@pytest.mark.parametrize(("name", "kind"), [("thumbnail", "image/webp"), ("spritesheet", "image/jpeg")])
@in_a_loop
async def test_a_picture_is_made_of_the_videos_bytes(content: str, name: str, kind: str) -> None:
    harness = harness_of(content=content)
    video_id = await finished(harness)
    picture = MADE[name]
    for method in ("GET", "HEAD", "GET"):
        found = await ask(harness, video_id, name, method)
        head = {"content-type": kind, "etag": picture.etag, "accept-ranges": "bytes", **PRIVATE}
        assert found == Answer(200, head, picture.body)
    # The link is tried as a download's is, and the bytes are read once.
    assert [name for name, _ in harness.runway.asked] == ["create", "get", "get", "probe", "file"]


@in_a_loop
async def test_ranges_and_tags_are_the_pictures_own() -> None:
    harness = harness_of(sandbox=True)
    video_id = await finished(harness)
    part = await ask(harness, video_id, "thumbnail", range="bytes=0-4")
    assert (part.status, part.body) == (206, b"thumb")
    assert part.headers["x-runway-sandbox"] == "true"
    same = await ask(harness, video_id, "thumbnail", **{"if-none-match": MADE["thumbnail"].etag})
    assert same.status == 304


@in_a_loop
async def test_before_the_end_it_is_not_ready_and_runway_is_not_asked_too_often() -> None:
    harness = harness_of()
    video_id = await finished(harness, status="RUNNING")
    for _ in range(3):
        error = await refused(harness, f"/{video_id}/content?variant=thumbnail", 404)
        assert error.code == "video_not_ready"
    assert harness.runway.times("get") == 1
    harness.now += 5
    harness.set(**DONE)
    assert (await ask(harness, video_id, "thumbnail")).status == 200


@in_a_loop
async def test_a_failed_video_says_why() -> None:
    harness = harness_of()
    video_id = await finished(harness, status="FAILED", failure="Not this.")
    error = await refused(harness, f"/{video_id}/content?variant=spritesheet", 400)
    assert error.code == "video_failed"
    assert harness.runway.times("file") == 0


@in_a_loop
async def test_a_deleted_video_has_no_picture_though_one_was_made() -> None:
    harness = harness_of()
    video_id = await finished(harness)
    await ask(harness, video_id, "thumbnail")
    await harness.ask("DELETE", f"/{video_id}")
    error = await refused(harness, f"/{video_id}/content?variant=thumbnail", 404)
    assert error.code == "not_found"


@in_a_loop
async def test_another_callers_picture_is_of_an_unknown_video() -> None:
    tokens = {"T1": "tok_1", "T2": "tok_2"}
    harness = ServiceHarness(
        tokens,
        pictures=PictureMaker(float, make=made, is_installed=lambda: True),
        callers=[{"name": name, "value": f"env.{name}"} for name in tokens],
    )
    harness.runway.file = b"video"
    video_id = await harness.create(caller="T1")
    harness.set(**DONE)
    path = f"/{video_id}/content?variant=thumbnail"
    assert isinstance(await harness.ask("GET", path, caller="T1"), Answer)
    asked = list(harness.runway.asked)
    assert (await refused(harness, path, 404, caller="T2")).code == "not_found"
    assert harness.runway.asked == asked


@pytest.mark.parametrize("failure", [Reply(403), NotSentError("x"), UnknownOutcomeError("no whole answer")])
@in_a_loop
async def test_a_link_that_fails_is_not_used_again(failure: Reply | Exception) -> None:
    harness = harness_of()
    video_id = await finished(harness)
    harness.runway.next["file"].append(failure)
    error = await refused(harness, f"/{video_id}/content?variant=thumbnail", 502)
    assert (error.code, error.retry) == ("content_unavailable", None)
    harness.set(output=[OTHER])
    assert (await ask(harness, video_id, "thumbnail")).status == 200
    assert [link for name, link in harness.runway.asked if name == "file"] == [LINK, OTHER]


@in_a_loop
async def test_without_the_extra_nothing_is_asked() -> None:
    harness = harness_of(is_installed=lambda: False)
    video_id = await finished(harness)
    error = await refused(harness, f"/{video_id}/content?variant=thumbnail", 400)
    assert (error.code, error.param) == ("variant_unavailable", "variant")
    assert harness.runway.times("get") == 0

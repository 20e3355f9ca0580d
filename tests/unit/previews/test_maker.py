"""Pictures are made once for all who ask, a few videos at a time, and leave no file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import IO

import pytest

from running import ROOT
from runway_videos.errors import ApiError
from runway_videos.events import Event, Events, PreviewFailed
from runway_videos.previews.cache import FAILED_SECONDS, PictureCache
from runway_videos.previews.maker import (
    AT_ONCE,
    AT_ONCE_OF_A_CALLER,
    INSTALL,
    MOST_OF_A_CALLER,
    PictureMaker,
    Write,
)
from runway_videos.previews.pictures import Picture
from unit.loopback import in_a_loop


class Maker:
    """A maker whose videos are `content`, and whose pictures are `pictures` once `opened` is set."""

    def __init__(self, largest: int = 1000) -> None:
        self.now = 0.0
        self.content: list[bytes | Exception] = [b"vid", b"eo"]
        self.pictures = [b"thumb", b"sheet"]
        self.reads = 0
        self.now_read = self.most_read = 0
        self.found: list[bytes] = []  # what was in the files
        self.links: list[int] = []  # names that the files had
        self.files: list[IO[bytes]] = []
        self.events: list[Event] = []
        self.opened = asyncio.Event()
        self.opened.set()
        self.maker = PictureMaker(
            lambda: self.now, make=self._make, cache=PictureCache(lambda: self.now), largest=largest
        )

    async def _make(self, file: IO[bytes]) -> list[bytes]:
        self.files.append(file)
        self.links.append(os.fstat(file.fileno()).st_nlink)
        self.found.append(os.pread(file.fileno(), 10_000, 0))
        return self.pictures

    async def _read(self, write: Write) -> None:
        self.reads += 1
        self.now_read += 1
        self.most_read = max(self.most_read, self.now_read)
        try:
            await self.opened.wait()
            for part in self.content:
                if isinstance(part, Exception):
                    raise part
                await write(part)
        finally:
            self.now_read -= 1

    def ask(self, task: str = "t1", name: str = "thumbnail", caller: str = "") -> asyncio.Task[Picture]:
        asking = self.maker.picture(task, caller, name, self._read, Events([self.events.append]))
        return asyncio.get_running_loop().create_task(asking)

    async def refused(self, **more: str) -> ApiError:
        with pytest.raises(ApiError) as caught:
            await self.ask(**more)
        return caught.value


async def until(reached: Callable[[], bool]) -> None:
    """Lets all go on until it is so."""
    for _ in range(10_000):
        if reached():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("waited in vain")


@in_a_loop
async def test_one_read_gives_all_pictures_and_they_are_kept() -> None:
    maker = Maker()
    thumbnail, sheet = await maker.ask(), await maker.ask(name="spritesheet")
    assert (thumbnail, sheet) == (Picture.of("thumbnail", b"thumb"), Picture.of("spritesheet", b"sheet"))
    assert await maker.ask() is thumbnail
    assert (maker.reads, maker.found, maker.events) == (1, [b"video"], [])


@in_a_loop
async def test_the_file_has_no_name_and_is_closed() -> None:
    maker = Maker()
    await maker.ask()
    assert maker.links == [0]
    assert all(file.closed for file in maker.files)


@in_a_loop
async def test_a_thousand_who_ask_at_once_cost_one_read() -> None:
    maker = Maker()
    maker.opened.clear()
    asked = [maker.ask(name=name) for name in ("thumbnail", "spritesheet") for _ in range(500)]
    await until(lambda: maker.reads == 1)
    maker.opened.set()
    assert {picture.body for picture in await asyncio.gather(*asked)} == {b"thumb", b"sheet"}
    assert maker.reads == 1


@in_a_loop
async def test_who_leaves_does_not_end_the_work_for_others() -> None:
    maker = Maker()
    maker.opened.clear()
    first, second = maker.ask(), maker.ask()
    await until(lambda: maker.reads == 1)
    first.cancel()
    maker.opened.set()
    assert (await second).body == b"thumb"
    assert maker.reads == 1


@in_a_loop
async def test_few_videos_are_read_at_once() -> None:
    maker = Maker()
    maker.opened.clear()
    asked = [maker.ask(f"{caller}-{number}", caller=caller) for caller in "abc" for number in range(8)]
    await until(lambda: maker.now_read == AT_ONCE)
    await asyncio.sleep(0.01)
    maker.opened.set()
    await asyncio.gather(*asked)
    assert (maker.most_read, maker.reads) == (AT_ONCE, 24)


@in_a_loop
async def test_one_caller_leaves_room_for_others() -> None:
    maker = Maker()
    maker.opened.clear()
    many = [maker.ask(f"a-{number}", caller="a") for number in range(10)]
    await until(lambda: maker.now_read == AT_ONCE_OF_A_CALLER)
    await asyncio.sleep(0.01)
    assert maker.now_read == AT_ONCE_OF_A_CALLER < AT_ONCE
    other = maker.ask("b-1", caller="b")
    await until(lambda: maker.now_read == AT_ONCE)
    maker.opened.set()
    await asyncio.gather(*many, other)


@in_a_loop
async def test_a_caller_with_too_many_is_told_to_wait() -> None:
    maker = Maker()
    maker.opened.clear()
    asked = [maker.ask(f"a-{number}", caller="a") for number in range(MOST_OF_A_CALLER)]
    await until(lambda: maker.now_read == AT_ONCE_OF_A_CALLER)
    error = await maker.refused(task="one more", caller="a")
    assert (error.status, error.code, error.retry, error.retry_after) == (429, "too_many_previews", True, 2)
    joined = maker.ask("a-0", caller="a")  # nothing new
    other = maker.ask("b-0", caller="b")
    maker.opened.set()
    await asyncio.gather(*asked, joined, other)
    assert (await maker.ask("one more", caller="a")).body == b"thumb"


@pytest.mark.parametrize("made", [[], [b"thumb"]])
@in_a_loop
async def test_what_cannot_be_made_is_not_tried_again_at_once(made: list[bytes]) -> None:
    maker = Maker()
    maker.pictures = made
    for _ in range(3):
        error = await maker.refused(name="spritesheet")
        assert (error.status, error.code, error.retry) == (502, "preview_unavailable", False)
        assert "spritesheet" in error.message
    assert maker.reads == 1
    missing = ("spritesheet",) if made else ("thumbnail", "spritesheet")
    assert maker.events == [PreviewFailed("t1", missing, "the video cannot be read, or not in time")]
    if made:
        assert (await maker.ask()).body == b"thumb"
        assert maker.reads == 1
    maker.now += FAILED_SECONDS
    maker.pictures = [b"thumb", b"sheet"]
    assert (await maker.ask(name="spritesheet")).body == b"sheet"


@in_a_loop
async def test_a_video_that_is_too_large_is_not_read_to_its_end() -> None:
    maker = Maker(largest=4)
    maker.content.append(AssertionError("it reads on"))
    assert (await maker.refused()).code == "preview_unavailable"
    assert isinstance(maker.events[0], PreviewFailed)
    assert "more than" in maker.events[0].problem
    assert maker.found == []


@in_a_loop
async def test_a_store_that_does_not_give_it_is_asked_again_by_the_next() -> None:
    maker = Maker()
    maker.content = [ApiError(502, "Not now.")]
    assert (await maker.refused()).message == "Not now."
    maker.content = [b"video"]
    assert (await maker.ask()).body == b"thumb"
    assert maker.events == []


@in_a_loop
async def test_a_full_disk_is_a_503_without_a_path() -> None:
    maker = Maker()
    maker.content = [OSError(28, "No space left on device", "/somewhere")]
    error = await maker.refused()
    assert (error.status, error.code, error.retry_after) == (503, "preview_unavailable", 5)
    assert error.detail == "OSError: No space left on device"


@in_a_loop
async def test_its_end_stops_what_is_under_way() -> None:
    maker = Maker()
    maker.opened.clear()
    asked = maker.ask()
    await until(lambda: maker.reads == 1)
    await maker.maker.close()
    assert maker.now_read == 0
    with pytest.raises(ApiError) as caught:
        await asked
    assert (caught.value.status, caught.value.code) == (503, "shutting_down")


def test_without_the_extra_it_says_what_to_install() -> None:
    PictureMaker(float, is_installed=lambda: True).check_installed()
    with pytest.raises(ApiError) as caught:
        PictureMaker(float, is_installed=lambda: False).check_installed()
    error = caught.value
    assert (error.status, error.param, error.code) == (400, "variant", "variant_unavailable")
    assert INSTALL in error.message
    # The versions that the project's extra names.
    wanted = INSTALL.partition("'")[2].partition("'")[0]
    assert f'media = ["{wanted}"]' in (ROOT / "pyproject.toml").read_text()

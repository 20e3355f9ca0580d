"""What is stored of webhooks' videos, in every engine."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos.webhooks.hook_state import HookState
from runway_videos.webhooks.keeping import ToldVideo
from unit.store.engines import ENGINES, engine

pytestmark = pytest.mark.slow

URL = "https://hooks.example/videos?of=hush"


def video(number: int) -> ToldVideo:
    return ToldVideo(f"task-{number:03}", "key", f"video_{number}", "app", 1000.5)


@pytest.mark.parametrize("name", ENGINES)
def test_lists_and_ends_are_what_was_written(name: str) -> None:
    async def run() -> None:
        with engine(name) as found:
            async with found.opened() as one, found.opened() as other:
                mine, theirs = HookState(one, URL, 600), HookState(other, URL, 600)
                await mine.add_process("one")
                assert await theirs.processes() == ["one"]
                for number in range(150):
                    await mine.add("one", video(number))
                assert [each async for each in theirs.videos("one")] == [video(n) for n in range(150)]
                async for each in theirs.videos("one"):
                    await theirs.remove("one", each)
                assert [each async for each in mine.videos("one")] == []
                await theirs.remove_process("one")
                assert await mine.processes() == []
                assert [each async for each in HookState(one, URL + "2", 600).videos("one")] == []

    asyncio.run(run())


@pytest.mark.parametrize("name", ENGINES)
def test_of_two_that_see_an_end_one_delivers_it(name: str) -> None:
    async def run() -> None:
        with engine(name) as found:
            async with found.opened() as one, found.opened() as other:
                states = {"one": HookState(one, URL, 600), "other": HookState(other, URL, 600)}
                for number in range(20):
                    task = f"task-{number}"
                    seen = await asyncio.gather(
                        *(
                            state.change(task, lambda e, n=owner: e.with_end("video.completed", 5.0, n))  # type: ignore[misc]
                            for owner, state in states.items()
                        )
                    )
                    assert seen[0] == seen[1]
                    told = await states["other"].change(task, lambda e: e.with_told("video.completed"))
                    assert (told.due, told.told) == ((), ("video.completed",))
                    late = await states["one"].change(task, lambda e: e.with_end("video.failed", 6.0, "one"))
                    assert late == told

    asyncio.run(run())

"""Bodies of creates: what is refused before Runway is asked, and where large ones are read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from runway_videos.errors import ApiError
from runway_videos.openai.messages import PassThrough
from runway_videos.operations.create_plan import LARGEST_INLINE_BODY
from unit.fake_runway import PROMPT, ServiceHarness
from unit.loopback import in_a_loop

PRIVATE = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}
HEADERS = {"content-type": "application/json", "openai-poll-after-ms": "5000", **PRIVATE}


@pytest.mark.parametrize(
    ("body", "headers", "status", "param"),
    [
        (b"", {}, 400, None),
        (b"{", {}, 400, None),
        (b"[]", {}, 400, None),
        (b"{}", {}, 400, "prompt"),
        (b'{"prompt": "x", "size": "huge"}', {}, 400, "size"),
        (b'{"prompt": "x", "seconds": "soon"}', {}, 400, "seconds"),
        (b'{"prompt": "x", "model": 5}', {}, 400, "model"),
        (b'{"prompt": "x", "model": "gen3a_turbo"}', {}, None, None),
        (b"<x/>", {"content-type": "text/xml"}, 415, None),
        (PROMPT, {"content-encoding": "gzip"}, 415, None),
        (PROMPT, {"content-encoding": "identity, br"}, 415, None),
        (b"--x", {"content-type": "multipart/form-data"}, 400, None),
    ],
)
@in_a_loop
async def test_what_cannot_succeed_asks_nothing_of_runway(
    body: bytes, headers: dict[str, str], status: int | None, param: str | None
) -> None:
    harness = ServiceHarness()
    if status is None:
        assert isinstance(await harness.ask("POST", "", body, headers=headers), PassThrough)
    else:
        with pytest.raises(ApiError) as caught:
            await harness.ask("POST", "", body, headers=headers)
        assert (caught.value.status, caught.value.param) == (status, param)
        assert len(caught.value.message) > 20
    assert harness.runway.asked == []


@pytest.mark.parametrize("encoding", ["", "identity", "Identity"])
@in_a_loop
async def test_an_encoding_that_is_none_is_none(encoding: str) -> None:
    assert await ServiceHarness().create(headers={"content-encoding": encoding})


class CountingExecutor(ThreadPoolExecutor):
    """The threads that a loop hands work to."""

    handed_over = 0

    def submit[**P, T](self, work: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> Future[T]:
        self.handed_over += 1
        return super().submit(work, *args, **named)


@in_a_loop
async def test_a_large_body_is_read_in_a_thread_and_a_small_one_in_the_loop() -> None:
    executor = CountingExecutor()
    asyncio.get_running_loop().set_default_executor(executor)
    harness = ServiceHarness()
    await harness.create(PROMPT + b" " * (LARGEST_INLINE_BODY - len(PROMPT)))
    assert executor.handed_over == 0
    await harness.create(PROMPT + b" " * LARGEST_INLINE_BODY)
    assert executor.handed_over == 1

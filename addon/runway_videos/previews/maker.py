"""Makes pictures of videos, each video once at a time, few videos at a time.

A video is read into a file that has no name (deleted also by `kill -9`), a child process takes all
its pictures out of it, and the file is gone.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import IO

from runway_videos.errors import ApiError, bad_request
from runway_videos.events import Events, PreviewFailed
from runway_videos.previews.cache import PictureCache
from runway_videos.previews.child import has_av, make_pictures
from runway_videos.previews.pictures import PICTURES, Picture

#: A larger video has no pictures.
LARGEST_VIDEO = 512 << 20
#: Videos that are read at once: of all callers, and of one. Each is a file and a process.
AT_ONCE, AT_ONCE_OF_A_CALLER = 3, 2
#: Videos of one caller that are read or wait for it.
MOST_OF_A_CALLER = 32

#: What to say to install.
INSTALL = "pip install 'av>=14,<20'"

type Write = Callable[[bytes], Awaitable[None]]
type Read = Callable[[Write], Awaitable[None]]


class _TooLargeError(Exception):
    """The video has more bytes than are read."""


class PictureMaker:
    """Pictures of finished videos. `read` of a call writes the video's bytes, and raises ApiError.

    `make` takes pictures out of a file, in the order of PICTURES. `clock` in monotonic seconds.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        make: Callable[[IO[bytes]], Awaitable[list[bytes]]] = make_pictures,
        is_installed: Callable[[], bool] = has_av,
        cache: PictureCache | None = None,
        largest: int = LARGEST_VIDEO,
    ) -> None:
        self._make = make
        self._is_installed = is_installed
        self._cache = cache or PictureCache(clock)
        self._largest = largest
        self._running: dict[str, asyncio.Task[dict[str, Picture]]] = {}
        self._callers: Counter[str] = Counter()
        self._permits = asyncio.Semaphore(AT_ONCE)
        self._permits_of: dict[str, asyncio.Semaphore] = {}

    def check_installed(self) -> None:
        """Raises ApiError 400 where the extra is missing."""
        if not self._is_installed():
            raise bad_request(
                "Thumbnails and sprite sheets need PyAV, which is not installed where this proxy runs: "
                f"{INSTALL}. Leave variant out, or say 'video', for the video itself.",
                "variant",
                "variant_unavailable",
            )

    async def picture(self, task: str, caller: str, name: str, read: Read, events: Events) -> Picture:
        """The picture of this name, from memory or made now. Raises ApiError."""
        kept = self._cache.get(task, name)
        if kept is not None:
            return kept
        if self._cache.has_failed(task, name):
            raise _cannot_be_made(name)
        running = self._running.get(task)
        if running is None:
            running = self._begin(task, caller, read, events)
        try:
            # Shielded: one client's end is not another's.
            made = await asyncio.shield(running)
        except asyncio.CancelledError:
            if not running.cancelled():
                raise
            raise _shutting_down() from None
        if name not in made:
            raise _cannot_be_made(name)
        return made[name]

    async def close(self) -> None:
        """Stops what is under way; its child processes are gone then."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _begin(self, task: str, caller: str, read: Read, events: Events) -> asyncio.Task[dict[str, Picture]]:
        if self._callers[caller] >= MOST_OF_A_CALLER:
            raise ApiError(
                429,
                "Pictures of too many of your videos are being made at once: try again when some are.",
                code="too_many_previews",
                retry=True,
                retry_after=2,
            )
        self._callers[caller] += 1
        running = asyncio.create_task(self._run(task, caller, read, events))
        self._running[task] = running
        running.add_done_callback(lambda done: self._ended(task, caller, done))
        return running

    def _ended(self, task: str, caller: str, done: asyncio.Task[dict[str, Picture]]) -> None:
        del self._running[task]
        self._callers[caller] -= 1
        if not self._callers[caller]:
            del self._callers[caller]
            self._permits_of.pop(caller, None)
        if not done.cancelled():
            done.exception()  # retrieved, also where every client has left

    async def _run(self, task: str, caller: str, read: Read, events: Events) -> dict[str, Picture]:
        of_caller = self._permits_of.setdefault(caller, asyncio.Semaphore(AT_ONCE_OF_A_CALLER))
        async with of_caller, self._permits:
            bodies, problem = await self._pictures(read)
        made = {name: Picture.of(name, body) for name, body in zip(PICTURES, bodies, strict=False)}
        missing = [name for name in PICTURES if name not in made]
        if missing:
            events.emit(PreviewFailed(task, tuple(missing), problem))
        self._cache.keep(task, made.values(), missing)
        return made

    async def _pictures(self, read: Read) -> tuple[list[bytes], str]:
        """The pictures, and why there are no more of them."""
        try:
            file = tempfile.TemporaryFile()  # noqa: SIM115
            try:
                await self._fill(file, read)
                return await self._make(file), "the video cannot be read, or not in time"
            finally:
                # In a thread: giving back a large file's room takes its time.
                await asyncio.to_thread(file.close)
        except _TooLargeError:
            return [], f"it has more than {self._largest >> 20} MiB"
        except OSError as error:
            # No room, no place, or no process.
            raise ApiError(
                503,
                "The proxy has no room to make pictures of the video now; try again.",
                code="preview_unavailable",
                retry_after=5,
                detail=f"{type(error).__name__}: {error.strerror}",
            ) from error

    async def _fill(self, file: IO[bytes], read: Read) -> None:
        size = 0

        async def write(part: bytes) -> None:
            nonlocal size
            size += len(part)
            if size > self._largest:
                raise _TooLargeError
            # In a thread: a disk may take its time.
            await asyncio.to_thread(file.write, part)

        await read(write)
        await asyncio.to_thread(file.flush)


def _cannot_be_made(name: str) -> ApiError:
    return ApiError(
        502,
        f"No {name} of this video can be made; the video itself can be downloaded.",
        code="preview_unavailable",
        retry=False,
    )


def _shutting_down() -> ApiError:
    return ApiError(503, "The proxy is shutting down; try again.", code="shutting_down", retry=True)

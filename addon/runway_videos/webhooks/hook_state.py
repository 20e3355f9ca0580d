"""Where a shared store holds the videos of one webhook, which is named by a hash: its address may be secret.

`hook-processes:HASH` lists the processes that have lists, `hook-videos:HASH:PROCESS` the videos of one,
`hook-ends:HASH:TASK` is what is known of a video's ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from hashlib import sha256

import msgspec

from runway_videos.store.shared_state import SharedState, StoreUnavailableError
from runway_videos.webhooks.keeping import ToldVideo
from runway_videos.webhooks.stored_ends import StoredEnds

_DAY = 24 * 3600.0
# How long it is known that an end was told: a process that stood still may see the end so much later.
_TOLD_SECONDS = _DAY
# How often a value is changed anew because another process was faster.
_MAX_CHANGES = 50
_PAGE, _MAX_PROCESSES = 100, 1000


class HookState:
    """What is stored for the webhook at `url`, for `seconds`. All methods raise StoreUnavailableError."""

    def __init__(self, state: SharedState, url: str, seconds: float) -> None:
        self._state = state
        self._hash = sha256(url.encode()).hexdigest()[:32]
        self._seconds = seconds

    async def processes(self) -> list[str]:
        """Names of those that have lists."""
        return [name.decode() for name in await self._state.items(self._processes_key, _MAX_PROCESSES)]

    async def add_process(self, name: str) -> None:
        """Before the first of its videos."""
        await self._state.add(self._processes_key, name.encode(), self._seconds + _DAY, b"")

    async def remove_process(self, name: str) -> None:
        """When it has died, and its list is empty."""
        await self._state.remove(self._processes_key, name.encode())

    async def videos(self, process: str) -> AsyncIterator[ToldVideo]:
        """Those in a process's list. What is taken out meanwhile does not matter."""
        after = None
        while items := await self._state.items(self._list_key(process), _PAGE, after=after):
            after = items[-1]
            for item in items:
                yield msgspec.msgpack.decode(item.partition(b"\0")[2], type=ToldVideo)

    async def add(self, process: str, video: ToldVideo) -> None:
        """Into a process's list."""
        await self._state.add(self._list_key(process), _item(video), self._seconds, b"")

    async def remove(self, process: str, video: ToldVideo) -> None:
        """Out of it."""
        await self._state.remove(self._list_key(process), _item(video))

    async def ends(self, task: str) -> StoredEnds:
        """What is known of a video's ends."""
        return _decode(await self._state.get(self._ends_key(task)))

    async def change(self, task: str, change: Callable[[StoredEnds], StoredEnds]) -> StoredEnds:
        """Changes that, and gives what is stored then. `change` may be called several times."""
        key = self._ends_key(task)
        current = await self._state.get(key)
        for _ in range(_MAX_CHANGES):
            before = _decode(current)
            after = change(before)
            if after == before:
                return before
            seconds = self._seconds if after.due else _TOLD_SECONDS
            swapped = await self._state.swap(key, current, msgspec.msgpack.encode(after), seconds)
            if swapped.done:
                return after
            current = swapped.current
        raise StoreUnavailableError("the ends of a video changed faster than they could be written")

    @property
    def _processes_key(self) -> str:
        return f"hook-processes:{self._hash}"

    def _list_key(self, process: str) -> str:
        return f"hook-videos:{self._hash}:{process}"

    def _ends_key(self, task: str) -> str:
        return f"hook-ends:{self._hash}:{task}"


def _item(video: ToldVideo) -> bytes:
    return video.task.encode() + b"\0" + msgspec.msgpack.encode(video)


def _decode(stored: bytes | None) -> StoredEnds:
    return msgspec.msgpack.decode(stored, type=StoredEnds) if stored else StoredEnds()

"""Videos in a shared store: each as a value, and a list of each caller's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from runway_videos.config.store_option import StoreOption
from runway_videos.openai.video import VideoError
from runway_videos.store.later_writes import LaterWrites
from runway_videos.store.shared_state import StoreUnavailableError
from runway_videos.store.shared_videos import NOTHING, Loaded, NoSharedVideos, SharesVideos, StoredVideo
from runway_videos.store.video_records import VideoRecord, VideoRecords
from runway_videos.store.video_references import VideoReference
from runway_videos.store.watched_state import WatchedState

_DAY = 24 * 3600.0
# In place of a video that was deleted: who is late must not bring it back.
_DELETED = b""
# How often a record is merged anew because another process was faster.
_MAX_TRIES = 20


class SharedVideos:
    """Videos in a shared state. `now` gives unix seconds; `prompts`: whether prompts are stored;
    `days`: how long a video is kept after it was written last."""

    def __init__(
        self,
        state: WatchedState,
        records: VideoRecords[Any],
        now: Callable[[], float],
        *,
        prompts: bool,
        days: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._state = state
        self._records = records
        self._now = now
        self._prompts = prompts
        self._seconds = days * _DAY
        self._later = LaterWrites(sleep)

    async def load(self, record: VideoRecord[Any]) -> Loaded:
        if self._state.is_away:
            return NOTHING
        try:
            value = await self._state.get(_key(record))
        except StoreUnavailableError:
            return NOTHING
        stored = _decode(value)
        self._merge(record, stored)
        return Loaded(stored, value, stored.age(self._now()) if stored else 0.0)

    async def take_turn(self, record: VideoRecord[Any], seconds: float) -> bool:
        if self._state.is_away or seconds <= 0:
            return True
        with contextlib.suppress(StoreUnavailableError):
            key = f"video-turn:{record.reference.task}"
            return (await self._state.swap(key, None, b"1", seconds)).done
        return True

    def created(self, record: VideoRecord[Any]) -> None:
        self._later.begin(lambda: self._write_created(record))

    async def asked(self, record: VideoRecord[Any], error: VideoError | None, before: Loaded) -> None:
        if not self._state.is_away:
            with contextlib.suppress(StoreUnavailableError):
                await self._write(record, error, self._now(), before.value)

    async def page(
        self, caller: str, limit: int, after: tuple[int, str] | None, oldest_first: bool
    ) -> Sequence[VideoRecord[Any]]:
        behind = None if after is None else _place(*after) + (b"\xff" if oldest_first else b"")
        try:
            items = await self._state.items(
                _list_key(caller), max(limit, 0), after=behind, descending=not oldest_first
            )
            records = [self._record(item, caller) for item in items]
            unread = [record for record in records if not record.is_loaded]
            for record, stored in zip(
                unread, await self._state.get_many([_key(each) for each in unread]), strict=True
            ):
                self._merge(record, _decode(stored))
        except StoreUnavailableError:
            return self._records.of_caller(caller, limit, after=after, oldest_first=oldest_first)
        return records

    async def deleted(self, record: VideoRecord[Any]) -> None:
        with contextlib.suppress(StoreUnavailableError):
            await self._state.remove(_list_key(record.caller), _item(record.reference))
            await self._state.put(_key(record), _DELETED, _DAY)

    async def close(self) -> None:
        await self._later.close()

    def _record(self, item: bytes, caller: str) -> VideoRecord[Any]:
        reference = msgspec.msgpack.decode(item.partition(b"\0")[2], type=VideoReference)
        return self._records.get(reference.task) or self._records.remember(reference, caller)

    async def _write_created(self, record: VideoRecord[Any]) -> None:
        oldest = _place(max(0, int(self._now() - self._seconds)), "")
        await self._write(record, None, 0.0, None)
        item = _item(record.reference)
        await self._state.add(_list_key(record.caller), item, self._seconds + _DAY, oldest)

    async def _write(
        self, record: VideoRecord[Any], error: VideoError | None, asked_at: float, known: bytes | None
    ) -> None:
        """Merges the record with what is stored, and stores that. `known` is what is thought to be there."""
        key, current = _key(record), known
        for _ in range(_MAX_TRIES):
            if current == _DELETED:
                return
            stored = _decode(current)
            self._merge(record, stored)
            new = StoredVideo(
                runway_model=record.runway_model,
                runway_size=record.runway_size,
                prompt=record.prompt if self._prompts else None,
                remixed_from=record.remixed_from,
                progress=record.progress,
                ended=record.ended,
                completed_at=record.completed_at,
                credits=record.credits,
                error=error or (stored.error if stored else None),
                asked_at=max(asked_at, stored.asked_at if stored else 0.0),
            )
            value = msgspec.msgpack.encode(new)
            swapped = await self._state.swap(key, current, value, self._seconds)
            if swapped.done:
                return
            current = swapped.current

    def _merge(self, record: VideoRecord[Any], stored: StoredVideo | None) -> None:
        """Into the record what others know: nothing goes back."""
        record.is_loaded = True
        if stored is None:
            return
        self._records.remember(
            record.reference,
            record.caller,
            runway_model=record.runway_model or stored.runway_model,
            runway_size=record.runway_size or stored.runway_size,
            prompt=record.prompt if stored.prompt is None else stored.prompt,
            remixed_from=record.remixed_from if stored.remixed_from is None else stored.remixed_from,
        )
        if stored.progress is not None:
            record.progress = max(record.progress or 0, stored.progress)
        if stored.ended is not None and record.ended != "completed":
            record.ended = stored.ended
        if stored.completed_at is not None:
            record.completed_at = stored.completed_at
        record.credits = stored.credits if stored.credits is not None else record.credits


def shared_videos(
    state: WatchedState | None, records: VideoRecords[Any], option: StoreOption
) -> SharesVideos:
    """Videos in `state`; this process's alone where there is none."""
    if state is None:
        return NoSharedVideos(records)
    return SharedVideos(state, records, state.now, prompts=option.prompts, days=option.days)


def _decode(stored: bytes | None) -> StoredVideo | None:
    return msgspec.msgpack.decode(stored, type=StoredVideo) if stored else None


def _key(record: VideoRecord[Any]) -> str:
    return f"video:{record.reference.task}"


def _list_key(caller: str) -> str:
    return "videos-of:" + sha256(caller.encode()).hexdigest()[:32]


def _place(created: int, task: str) -> bytes:
    """Sorts as (created, task) does."""
    return f"{created:012d}:{task}".encode()


def _item(reference: VideoReference) -> bytes:
    return _place(reference.created, reference.task) + b"\0" + msgspec.msgpack.encode(reference)

"""The id map in process memory: what a video's id has no room for.

Nothing here is needed to serve a video: an evicted one is served as after a restart, without its
prompt and source. Statuses and output URLs are kept for as long as they may be given out again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable
from sys import getsizeof
from typing import Literal

import msgspec

from runway_videos.store.video_references import VideoReference, owner_hash

MAX_VIDEOS = 100_000
MAX_BYTES = 64 * 1024 * 1024
#: A status that is older is not given out, not even while Runway is down.
STATUS_SECONDS = 300.0
#: An output URL that worked within this time is used without being tried again.
URL_SECONDS = 60.0

# An entry without its texts: two structs, the task's name, numbers, its places in the dictionary
# and in the caller's row; and the place of a held status or URL. As tracemalloc counts them, and
# what the allocator rounds up (tests/unit/store/test_video_records.py measures it).
_ENTRY = 500
_KEPT = 140
# Texts that many videos have in common (models, sizes) are held once.
_MAX_SHARED = 1024
_SHARED_LENGTH = 64


class VideoRecord[Status](msgspec.Struct, gc=False, eq=False):
    """What this process knows of one video."""

    reference: VideoReference
    caller: str
    # Set by who polls:
    completed_at: int | None = None  # unix seconds; when this process first saw the end
    ended: Literal["completed", "failed"] | None = None
    throttled: bool = False  # the last status was THROTTLED
    # Set by VideoRecords alone, which counts their bytes:
    runway_model: str = ""  # its wire name; "" when it was not made by this process
    prompt: str | None = None
    remixed_from: str | None = None
    status: Status | None = None
    status_at: float = 0.0
    url: str | None = None
    url_at: float = 0.0
    counted_bytes: int = 0  # 0: not in the map


class VideoRecords[Status]:
    """Videos by task, at most `max_videos` and `max_bytes`; the least recently used goes first.

    `Status` is the caller's own form of a status, `size_of` gives its bytes. `clock` gives seconds
    that never go back. For one thread.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        size_of: Callable[[Status], int] = getsizeof,
        *,
        max_videos: int = MAX_VIDEOS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._clock = clock
        self._size_of = size_of
        self._max_videos = max_videos
        self._max_bytes = max_bytes
        self._videos: OrderedDict[str, VideoRecord[Status]] = OrderedDict()
        self._callers: dict[str, list[VideoRecord[Status]]] = {}  # each by time of creation
        # Those with a status or a URL, the longest held first.
        self._statuses: OrderedDict[str, VideoRecord[Status]] = OrderedDict()
        self._urls: OrderedDict[str, VideoRecord[Status]] = OrderedDict()
        self._shared: dict[str, str] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._videos)

    def get(self, task: str) -> VideoRecord[Status] | None:
        """What is known of a video, which counts as a use of it."""
        record = self._videos.get(task)
        if record is not None:
            self._videos.move_to_end(task)
        return record

    def remember(
        self,
        reference: VideoReference,
        caller: str,
        *,
        runway_model: str = "",
        prompt: str | None = None,
        remixed_from: str | None = None,
    ) -> VideoRecord[Status]:
        """The record of a video, made if there is none; what is given is added to it.

        Raises ValueError when the reference is not this caller's.
        """
        if not reference.owned_by(caller):
            raise ValueError("a video is remembered for its own caller alone")
        record = self.get(reference.task)
        if record is None:
            record = VideoRecord(self._own_reference(reference, caller), caller)
            self._videos[reference.task] = record
            insort(self._callers.setdefault(caller, []), record, key=_sort_key)
        record.runway_model = self._share(runway_model) or record.runway_model
        record.prompt = record.prompt if prompt is None else prompt
        record.remixed_from = record.remixed_from if remixed_from is None else remixed_from
        self._count(record)
        self.sweep()
        return record

    def keep_status(self, record: VideoRecord[Status], status: Status) -> None:
        """A status that Runway has just given."""
        record.status, record.status_at = status, self._clock()
        self._keep(self._statuses, record)

    def status(self, record: VideoRecord[Status], seconds: float) -> Status | None:
        """The last status if it is younger than `seconds` (at most STATUS_SECONDS)."""
        age = self._clock() - record.status_at
        return record.status if age < seconds and age < STATUS_SECONDS else None

    def keep_url(self, record: VideoRecord[Status], url: str) -> None:
        """An output URL that has just been seen to work."""
        record.url, record.url_at = url, self._clock()
        self._keep(self._urls, record)

    def url(self, record: VideoRecord[Status]) -> str | None:
        """The output URL if it worked within the last URL_SECONDS."""
        return record.url if self._clock() - record.url_at < URL_SECONDS else None

    def drop_status(self, record: VideoRecord[Status]) -> None:
        """The status is no longer true."""
        record.status = None
        self._release(self._statuses, record)

    def drop_url(self, record: VideoRecord[Status]) -> None:
        """The output URL does not work."""
        record.url = None
        self._release(self._urls, record)

    def forget(self, task: str) -> None:
        """The video is deleted."""
        record = self._videos.pop(task, None)
        if record is not None:
            self._remove(record)

    def of_caller(
        self,
        caller: str,
        limit: int,
        *,
        after: tuple[int, str] | None = None,
        oldest_first: bool = False,
    ) -> list[VideoRecord[Status]]:
        """At most `limit` videos of a caller by time of creation, newest first; no use of them.

        `after` is the (created, task) of the last one before them, which need not be known.
        """
        row = self._callers.get(caller, [])
        if oldest_first:
            first = bisect_right(row, after, key=_sort_key) if after else 0
            return row[first : first + max(limit, 0)]
        end = bisect_left(row, after, key=_sort_key) if after else len(row)
        return row[max(end - max(limit, 0), 0) : end][::-1]

    def sweep(self) -> None:
        """Drops statuses and URLs that are too old to be given out; every change does it too."""
        now = self._clock()
        while self._statuses:
            record = next(iter(self._statuses.values()))
            if now - record.status_at < STATUS_SECONDS:
                break
            self.drop_status(record)
        while self._urls:
            record = next(iter(self._urls.values()))
            if now - record.url_at < URL_SECONDS:
                break
            self.drop_url(record)

    def _keep(self, kept: OrderedDict[str, VideoRecord[Status]], record: VideoRecord[Status]) -> None:
        if record.counted_bytes:  # else it was evicted while its holder waited for Runway
            kept[record.reference.task] = record
            kept.move_to_end(record.reference.task)
            self._count(record)
        self.sweep()

    def _release(self, kept: OrderedDict[str, VideoRecord[Status]], record: VideoRecord[Status]) -> None:
        if record.counted_bytes:
            kept.pop(record.reference.task, None)
            self._count(record)

    def _count(self, record: VideoRecord[Status]) -> None:
        """Counts an entry anew after a change to it, then makes room."""
        counted_bytes = _ENTRY
        reference = record.reference
        for common in (reference.model, reference.size, reference.seconds, record.runway_model):
            counted_bytes += 0 if common in self._shared else getsizeof(common)
        for own in (record.prompt, record.remixed_from, record.url):
            counted_bytes += getsizeof(own) if own else 0
        counted_bytes += _KEPT if record.url else 0
        counted_bytes += 0 if record.status is None else _KEPT + self._size_of(record.status)
        self.bytes += counted_bytes - record.counted_bytes
        record.counted_bytes = counted_bytes
        while len(self._videos) > self._max_videos or self.bytes > self._max_bytes:
            self._remove(self._videos.popitem(last=False)[1])

    def _remove(self, record: VideoRecord[Status]) -> None:
        task = record.reference.task
        self._statuses.pop(task, None)
        self._urls.pop(task, None)
        row = self._callers[record.caller]
        del row[bisect_left(row, _sort_key(record), key=_sort_key)]
        if not row:
            del self._callers[record.caller]
        self.bytes -= record.counted_bytes
        record.counted_bytes = 0

    def _own_reference(self, reference: VideoReference, caller: str) -> VideoReference:
        return VideoReference(
            key=reference.key,
            task=reference.task,
            owner=owner_hash(caller),
            model=self._share(reference.model),
            seconds=self._share(reference.seconds),
            size=self._share(reference.size),
            created=reference.created,
        )

    def _share(self, text: str) -> str:
        if len(self._shared) >= _MAX_SHARED or len(text) > _SHARED_LENGTH:
            return self._shared.get(text, text)
        return self._shared.setdefault(text, text)


def _sort_key[Status](record: VideoRecord[Status]) -> tuple[int, str]:
    return record.reference.created, record.reference.task

"""Video records in process memory: what a video's id has no room for.

Nothing here is needed to serve a video: after an eviction or a restart it is served without its prompt
and its remix source. Statuses and output URLs are kept for as long as they may be used again.
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
#: An older status is never returned, not even while Runway is down.
STATUS_SECONDS = 300.0
#: An output URL that worked within this time is used without another probe.
URL_SECONDS = 60.0

# Bytes of a record without its texts: two structs, the task's name, numbers, its entries in the
# dictionary and in the caller's list; and of the entry of a kept status or URL. As tracemalloc counts
# them, with what the allocator rounds up (tests/unit/store/test_video_records.py measures it).
_RECORD_BYTES = 500
_KEPT_BYTES = 140
# Texts that many videos have in common (models, sizes) are stored once.
_MAX_SHARED_TEXTS = 1024
_MAX_SHARED_LENGTH = 64


class VideoRecord[Status](msgspec.Struct, gc=False, eq=False):
    """What this process keeps of one video."""

    reference: VideoReference
    caller: str
    completed_at: int | None = None  # unix seconds; when this process first saw the end
    ended: Literal["completed", "failed"] | None = None
    made_here: bool = False  # by this process
    is_loaded: bool = False  # what other processes know of it is in here
    throttled: bool = False  # the last status was THROTTLED
    credits: float | None = None  # what it cost; known at its end
    progress: int | None = None  # the last one seen; None: not running yet
    # Set by VideoRecords alone, which counts their bytes:
    runway_model: str = ""  # its wire name; "" when another process created it
    runway_size: str = ""  # "1080x1920": what is made; "" where that is not known
    prompt: str | None = None
    remixed_from: str | None = None
    status: Status | None = None
    status_at: float = 0.0
    url: str | None = None
    url_at: float = 0.0
    counted_bytes: int = 0  # 0: evicted


class VideoRecords[Status]:
    """Records by task, at most `max_videos` and `max_bytes`; the least recently used is evicted first.

    `Status` is any type for a status, `size_of` gives its bytes. `clock` gives monotonic seconds.
    Not thread-safe.
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
        # Those with a status or a URL, the oldest first.
        self._statuses: OrderedDict[str, VideoRecord[Status]] = OrderedDict()
        self._urls: OrderedDict[str, VideoRecord[Status]] = OrderedDict()
        self._shared: dict[str, str] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._videos)

    def get(self, task: str) -> VideoRecord[Status] | None:
        """The record of a video, if there is one; counts as a use of it."""
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
        runway_size: str = "",
        prompt: str | None = None,
        remixed_from: str | None = None,
    ) -> VideoRecord[Status]:
        """The record of a video, created if there is none; arguments that are set replace what it has.

        Raises ValueError when the reference is another caller's.
        """
        if not reference.owned_by(caller):
            raise ValueError("a record belongs to the caller in its reference")
        record = self.get(reference.task)
        if record is None:
            record = VideoRecord(self._own_reference(reference, caller), caller)
            self._videos[reference.task] = record
            insort(self._callers.setdefault(caller, []), record, key=_sort_key)
        record.runway_model = self._share(runway_model) or record.runway_model
        record.runway_size = self._share(runway_size) or record.runway_size
        record.prompt = record.prompt if prompt is None else prompt
        record.remixed_from = record.remixed_from if remixed_from is None else remixed_from
        self._count(record)
        self.sweep()
        return record

    def keep_status(self, record: VideoRecord[Status], status: Status) -> None:
        """Keeps a status that Runway has just answered."""
        record.status, record.status_at = status, self._clock()
        self._keep(self._statuses, record)

    def status(self, record: VideoRecord[Status], seconds: float) -> Status | None:
        """The last status if it is younger than `seconds` (at most STATUS_SECONDS)."""
        age = self._clock() - record.status_at
        return record.status if age < seconds and age < STATUS_SECONDS else None

    def keep_url(self, record: VideoRecord[Status], url: str) -> None:
        """Keeps an output URL that has just worked."""
        record.url, record.url_at = url, self._clock()
        self._keep(self._urls, record)

    def url(self, record: VideoRecord[Status]) -> str | None:
        """The output URL if it worked within the last URL_SECONDS."""
        return record.url if self._clock() - record.url_at < URL_SECONDS else None

    def drop_status(self, record: VideoRecord[Status]) -> None:
        """Drops a status that is no longer true."""
        record.status = None
        self._release(self._statuses, record)

    def drop_url(self, record: VideoRecord[Status]) -> None:
        """Drops an output URL that does not work."""
        record.url = None
        self._release(self._urls, record)

    def forget(self, task: str) -> None:
        """Removes the record of a deleted video."""
        record = self._videos.pop(task, None)
        if record is not None:
            self._remove(record)

    def holds(self, record: VideoRecord[Status]) -> bool:
        """Whether a record is still kept: it was neither deleted nor evicted."""
        return record.counted_bytes > 0

    def of_caller(
        self, caller: str, limit: int, *, after: tuple[int, str] | None = None, oldest_first: bool = False
    ) -> list[VideoRecord[Status]]:
        """At most `limit` videos of a caller by time of creation, newest first; no use of them.

        `after` is the (created, task) of the last one before them, which need not exist any more.
        """
        records = self._callers.get(caller, [])
        if oldest_first:
            first = bisect_right(records, after, key=_sort_key) if after else 0
            return records[first : first + max(limit, 0)]
        end = bisect_left(records, after, key=_sort_key) if after else len(records)
        return records[max(end - max(limit, 0), 0) : end][::-1]

    def sweep(self) -> None:
        """Drops statuses and URLs that are too old to be used; every change does it too."""
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
        if self.holds(record):  # else it was evicted while its user waited for Runway
            kept[record.reference.task] = record
            kept.move_to_end(record.reference.task)
            self._count(record)
        self.sweep()

    def _release(self, kept: OrderedDict[str, VideoRecord[Status]], record: VideoRecord[Status]) -> None:
        if self.holds(record):
            kept.pop(record.reference.task, None)
            self._count(record)

    def _count(self, record: VideoRecord[Status]) -> None:
        """Counts a record's bytes again after a change to it, then evicts what is too much."""
        counted_bytes = _RECORD_BYTES
        reference = record.reference
        made = (record.runway_model, record.runway_size)
        for common in (reference.model, reference.size, reference.seconds, *made):
            counted_bytes += 0 if common in self._shared else getsizeof(common)
        for own in (record.prompt, record.remixed_from, record.url):
            counted_bytes += getsizeof(own) if own else 0
        counted_bytes += _KEPT_BYTES if record.url else 0
        counted_bytes += 0 if record.status is None else _KEPT_BYTES + self._size_of(record.status)
        self.bytes += counted_bytes - record.counted_bytes
        record.counted_bytes = counted_bytes
        while len(self._videos) > self._max_videos or self.bytes > self._max_bytes:
            self._remove(self._videos.popitem(last=False)[1])

    def _remove(self, record: VideoRecord[Status]) -> None:
        task = record.reference.task
        self._statuses.pop(task, None)
        self._urls.pop(task, None)
        records = self._callers[record.caller]
        del records[bisect_left(records, _sort_key(record), key=_sort_key)]
        if not records:
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
        if len(self._shared) >= _MAX_SHARED_TEXTS or len(text) > _MAX_SHARED_LENGTH:
            return self._shared.get(text, text)
        return self._shared.setdefault(text, text)


def _sort_key[Status](record: VideoRecord[Status]) -> tuple[int, str]:
    return record.reference.created, record.reference.task

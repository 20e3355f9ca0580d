"""The id map in process memory: what a video's id has no room for.

Nothing here is needed to serve a video: an evicted one is served as after a restart, without its
prompt and source. Statuses and output URLs are kept for as long as they may be given out again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable
from sys import getsizeof

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
# what the allocator rounds up (tests/unit/test_videos.py holds it to the truth).
_ENTRY = 500
_HELD = 140
# Texts that many videos have in common (models, sizes) are held once.
_MAX_SHARED = 1024
_SHARED_LENGTH = 64


class VideoRecord[Answer](msgspec.Struct, gc=False, eq=False):
    """What this process knows of one video. The first line may be set by anyone, at any time."""

    reference: VideoReference
    caller: str
    completed_at: int | None = None  # unix seconds
    throttled: bool = False  # the last status was THROTTLED
    # Set by the map alone, which counts them:
    runway_model: str = ""  # its wire name; "" when it was not made by this process
    prompt: str | None = None
    remixed_from: str | None = None
    answer: Answer | None = None
    fetched: float = 0.0
    url: str | None = None
    proven: float = 0.0
    cost: int = 0  # bytes it is counted with; 0: not in the map


class VideoRecords[Answer]:
    """Videos by task, at most `max_videos` and `max_bytes`; the least recently used goes first.

    `Answer` is the caller's own form of a status, `size_of` gives its bytes. `clock` gives seconds
    that never go back. For one thread.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        size_of: Callable[[Answer], int] = getsizeof,
        *,
        max_videos: int = MAX_VIDEOS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._clock = clock
        self._size_of = size_of
        self._max_videos = max_videos
        self._max_bytes = max_bytes
        self._videos: OrderedDict[str, VideoRecord[Answer]] = OrderedDict()
        self._callers: dict[str, list[VideoRecord[Answer]]] = {}  # each by time of creation
        # Those with a status or a URL, the longest held first.
        self._answers: OrderedDict[str, VideoRecord[Answer]] = OrderedDict()
        self._urls: OrderedDict[str, VideoRecord[Answer]] = OrderedDict()
        self._shared: dict[str, str] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._videos)

    def get(self, task: str) -> VideoRecord[Answer] | None:
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
    ) -> VideoRecord[Answer]:
        """The memory of a video, made if there is none; what is given is added to it.

        Raises ValueError when the ticket is not this caller's.
        """
        if not reference.owned_by(caller):
            raise ValueError("a video is remembered for its own caller alone")
        record = self.get(reference.task)
        if record is None:
            record = VideoRecord(self._slim(reference, caller), caller)
            self._videos[reference.task] = record
            insort(self._callers.setdefault(caller, []), record, key=_place)
        record.runway_model = self._share(runway_model) or record.runway_model
        record.prompt = record.prompt if prompt is None else prompt
        record.remixed_from = record.remixed_from if remixed_from is None else remixed_from
        self._count(record)
        self.sweep()
        return record

    def keep_status(self, record: VideoRecord[Answer], answer: Answer) -> None:
        """A status that Runway has just given."""
        record.answer, record.fetched = answer, self._clock()
        self._hold(self._answers, record)

    def answer(self, record: VideoRecord[Answer], seconds: float) -> Answer | None:
        """The last status if it is younger than `seconds` (at most ANSWER_SECONDS)."""
        age = self._clock() - record.fetched
        return record.answer if age < seconds and age < STATUS_SECONDS else None

    def keep_url(self, record: VideoRecord[Answer], url: str) -> None:
        """An output URL that has just been seen to work."""
        record.url, record.proven = url, self._clock()
        self._hold(self._urls, record)

    def url(self, record: VideoRecord[Answer]) -> str | None:
        """The output URL if it worked within the last URL_SECONDS."""
        return record.url if self._clock() - record.proven < URL_SECONDS else None

    def drop_status(self, record: VideoRecord[Answer]) -> None:
        """The status is no longer true."""
        record.answer = None
        self._let_go(self._answers, record)

    def drop_url(self, record: VideoRecord[Answer]) -> None:
        """The output URL does not work."""
        record.url = None
        self._let_go(self._urls, record)

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
    ) -> list[VideoRecord[Answer]]:
        """At most `limit` videos of a caller by time of creation, newest first; no use of them.

        `after` is the (created, task) of the last one before them, which need not be known.
        """
        row = self._callers.get(caller, [])
        if oldest_first:
            first = bisect_right(row, after, key=_place) if after else 0
            return row[first : first + max(limit, 0)]
        end = bisect_left(row, after, key=_place) if after else len(row)
        return row[max(end - max(limit, 0), 0) : end][::-1]

    def sweep(self) -> None:
        """Drops statuses and URLs that are too old to be given out; every change does it too."""
        now = self._clock()
        while self._answers:
            record = next(iter(self._answers.values()))
            if now - record.fetched < STATUS_SECONDS:
                break
            self.drop_status(record)
        while self._urls:
            record = next(iter(self._urls.values()))
            if now - record.proven < URL_SECONDS:
                break
            self.drop_url(record)

    def _hold(self, held: OrderedDict[str, VideoRecord[Answer]], record: VideoRecord[Answer]) -> None:
        if record.cost:  # else it was evicted while its holder waited for Runway
            held[record.reference.task] = record
            held.move_to_end(record.reference.task)
            self._count(record)
        self.sweep()

    def _let_go(self, held: OrderedDict[str, VideoRecord[Answer]], record: VideoRecord[Answer]) -> None:
        if record.cost:
            held.pop(record.reference.task, None)
            self._count(record)

    def _count(self, record: VideoRecord[Answer]) -> None:
        """Counts an entry anew after a change to it, then makes room."""
        cost = _ENTRY
        reference = record.reference
        for common in (reference.model, reference.size, reference.seconds, record.runway_model):
            cost += 0 if common in self._shared else getsizeof(common)
        for own in (record.prompt, record.remixed_from, record.url):
            cost += getsizeof(own) if own else 0
        cost += _HELD if record.url else 0
        cost += 0 if record.answer is None else _HELD + self._size_of(record.answer)
        self.bytes += cost - record.cost
        record.cost = cost
        while len(self._videos) > self._max_videos or self.bytes > self._max_bytes:
            self._remove(self._videos.popitem(last=False)[1])

    def _remove(self, record: VideoRecord[Answer]) -> None:
        task = record.reference.task
        self._answers.pop(task, None)
        self._urls.pop(task, None)
        row = self._callers[record.caller]
        del row[bisect_left(row, _place(record), key=_place)]
        if not row:
            del self._callers[record.caller]
        self.bytes -= record.cost
        record.cost = 0

    def _slim(self, reference: VideoReference, caller: str) -> VideoReference:
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


def _place[Answer](record: VideoRecord[Answer]) -> tuple[int, str]:
    return record.reference.created, record.reference.task

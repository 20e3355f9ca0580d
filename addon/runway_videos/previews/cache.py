"""Pictures in process memory, bounded in number and bytes, and what could not be made, for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from runway_videos.previews.pictures import Picture

MAX_BYTES = 32 << 20
#: Pictures, and videos of which none can be made.
MAX_ENTRIES = 1000
#: For so long a video is not read again of which no pictures can be made.
FAILED_SECONDS = 300.0

# Of an entry beside the picture's bytes.
_ENTRY_BYTES = 500


class PictureCache:
    """Pictures by task and name; the least recently used goes first. `clock` in monotonic seconds."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        max_bytes: int = MAX_BYTES,
        max_entries: int = MAX_ENTRIES,
    ) -> None:
        self._clock = clock
        self._max_bytes = max_bytes
        self._max_entries = max_entries
        # None: it cannot be made, and when that was found.
        self._entries: OrderedDict[tuple[str, str], tuple[Picture | None, float]] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, task: str, name: str) -> Picture | None:
        """The picture, if it is kept; counts as a use of it."""
        found = self._entries.get((task, name))
        if found is None:
            return None
        self._entries.move_to_end((task, name))
        return found[0]

    def has_failed(self, task: str, name: str) -> bool:
        """Whether it was tried a moment ago, and cannot be made."""
        found = self._entries.get((task, name))
        if found is None or found[0] is not None:
            return False
        return self._clock() - found[1] < FAILED_SECONDS

    def keep(self, task: str, pictures: Iterable[Picture], failed: Iterable[str]) -> None:
        """Keeps what came of a video: its pictures, and the names of those that cannot be made."""
        for picture in pictures:
            self._put((task, picture.name), picture)
        for name in failed:
            self._put((task, name), None)

    def _put(self, key: tuple[str, str], picture: Picture | None) -> None:
        self._remove(key)
        if _size(picture) > self._max_bytes:
            return
        self._entries[key] = (picture, self._clock())
        self.bytes += _size(picture)
        while self._entries and (len(self._entries) > self._max_entries or self.bytes > self._max_bytes):
            self._remove(next(iter(self._entries)))

    def _remove(self, key: tuple[str, str]) -> None:
        if (entry := self._entries.pop(key, None)) is not None:
            self.bytes -= _size(entry[0])


def _size(picture: Picture | None) -> int:
    return _ENTRY_BYTES + (len(picture.body) if picture is not None else 0)

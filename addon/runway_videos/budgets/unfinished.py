"""A caller's videos that have not ended: a mapping that never changes, and is changed without a copy.

A create is two changes, and a caller may have 2,000 such videos. So the newest mapping holds the entries,
in one dict; a change gives a new mapping, which takes the dict over and changes it in place. The one
before keeps what undoes that, and makes a dict of its own if it is read again: after a step that failed,
say, where all has to be as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec


class Unfinished(msgspec.Struct, frozen=True, gc=False):
    """A video that has not ended, as far as is known: the day and the credits that it is counted with.

    `video_id` is "" as long as Runway has not made it. `since` in unix seconds. `key_refused`: Runway
    refuses the key that made it, so that nobody can ask about it.
    """

    day: int
    credits: float
    since: float
    video_id: str = ""
    key_refused: bool = False


class UnfinishedVideos(Mapping[str, Unfinished]):
    """By name, the oldest first."""

    __slots__ = ("_entries", "_newer", "_undo")

    def __init__(self, entries: dict[str, Unfinished]) -> None:
        """The dict is this one's own from now on."""
        self._entries: dict[str, Unfinished] | None = entries
        # Where the entries are gone: who has them, and which one was there before by what name.
        self._newer: UnfinishedVideos | None = None
        self._undo: tuple[str, Unfinished | None] = ("", None)

    def put(self, name: str, video: Unfinished) -> UnfinishedVideos:
        """The same with this one."""
        entries = self._hand_over(name)
        entries[name] = video
        return self._given_to(entries)

    def without(self, name: str) -> UnfinishedVideos:
        """The same without this one. KeyError where it is not there."""
        entries = self._hand_over(name)
        del entries[name]
        return self._given_to(entries)

    def oldest(self) -> str:
        """The name of the oldest. StopIteration where there is none."""
        return next(iter(self.entries()))

    def entries(self) -> dict[str, Unfinished]:
        """All of them, to be read at once: the next change is made in it."""
        if self._entries is None:
            self._entries, self._newer = self._restored(), None
        return self._entries

    def _restored(self) -> dict[str, Unfinished]:
        undo, at = list[tuple[str, Unfinished | None]](), self
        while at._newer is not None:
            undo.append(at._undo)
            at = at._newer
        found = dict(at.entries())
        for name, before in reversed(undo):
            if before is None:
                del found[name]
            else:
                found[name] = before
        # What had been taken out stands last now.
        return dict(sorted(found.items(), key=lambda entry: entry[1].since))

    def _hand_over(self, name: str) -> dict[str, Unfinished]:
        entries = self.entries()
        self._undo = name, entries.get(name)
        return entries

    def _given_to(self, entries: dict[str, Unfinished]) -> UnfinishedVideos:
        self._entries, self._newer = None, UnfinishedVideos(entries)
        return self._newer

    def __getitem__(self, name: str) -> Unfinished:
        return self.entries()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.entries()))

    def __len__(self) -> int:
        return len(self.entries())

    def __repr__(self) -> str:
        return f"UnfinishedVideos({self.entries()!r})"


def plain(videos: object) -> dict[str, Unfinished]:
    """For msgspec, which knows no such mapping. TypeError for anything else."""
    if isinstance(videos, UnfinishedVideos):
        return videos.entries()
    raise TypeError(f"{type(videos).__name__} cannot be written")

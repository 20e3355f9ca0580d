"""Notices that files have changed, by what `stat` says of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

#: Tells two states of a file apart; None: it is not there.
type _State = tuple[int, int, int, int] | None


class FileWatch:
    """Looks at files when it is told to. Symbolic links are followed: Kubernetes changes secrets by one."""

    def __init__(self) -> None:
        self._read: dict[str, _State] = {}
        self._last: dict[str, _State] = {}

    def use(self, paths: Iterable[str]) -> None:
        """Looks at these from now on. Those that were not looked at before have just been read."""
        self._read = {path: self._read[path] if path in self._read else _state(path) for path in paths}

    def reading(self) -> None:
        """All are about to be read: only what changes from now on is a change."""
        self._read = {path: _state(path) for path in self._read}

    def changed(self) -> bool:
        """Whether a file has changed since it was read, and not any more since the last look.

        One that is being written, or is gone for the moment in which another takes its place, is not yet.
        """
        before, self._last = self._last, {path: _state(path) for path in self._read}
        return self._last != self._read and self._last == before


def _state(path: str) -> _State:
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

"""How many creates of one caller may run in this process at once."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

from runway_videos.errors import ApiError
from runway_videos.idempotency import refusals


class CallerRoom:
    """Room for `limit` creates of each caller; for none once it `is_closed`."""

    def __init__(self, limit: int) -> None:
        self.is_closed = False
        self._limit = limit
        self._callers: Counter[str] = Counter()

    @contextlib.contextmanager
    def take(self, caller: str) -> Iterator[ApiError | None]:
        """Takes up the room of one create; gives why there is none."""
        if self.is_closed or self._callers[caller] >= self._limit:
            yield refusals.shutting_down() if self.is_closed else refusals.too_many(running=True)
            return
        self._callers[caller] += 1
        try:
            yield None
        finally:
            self._callers[caller] -= 1
            self._callers += Counter()  # drops who has none

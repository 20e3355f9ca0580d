"""Plain numbers that are counted as things happen, and read when somebody asks."""

from __future__ import annotations

from bisect import bisect_left

import msgspec

#: Different labels of one count; of what comes beyond it the labels are `OTHER`.
MAX_SERIES = 2000
OTHER = "other"

type Labels = tuple[str, ...]


class Counts:
    """Sums by labels. However many labels come, what is kept is bounded."""

    def __init__(self, max_series: int = MAX_SERIES) -> None:
        self._max = max_series
        self._sums: dict[Labels, float] = {}

    def add(self, *labels: str, amount: float = 1) -> None:
        """Adds to the sum of these labels."""
        if labels not in self._sums and len(self._sums) >= self._max:
            labels = (OTHER,) * len(labels)
        self._sums[labels] = self._sums.get(labels, 0) + amount

    def items(self) -> list[tuple[Labels, float]]:
        """The sums so far."""
        return list(self._sums.items())


class _Series:
    __slots__ = ("numbers", "sum")

    def __init__(self, bounds: int) -> None:
        self.numbers = [0] * (bounds + 1)
        self.sum = 0.0


class Histogram:
    """How many values were at most each of `bounds`, by labels."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._series: dict[Labels, _Series] = {}

    def add(self, value: float, *labels: str) -> None:
        """Counts a value."""
        series = self._series.get(labels)
        if series is None:
            if len(self._series) >= MAX_SERIES:
                labels = (OTHER,) * len(labels)
            series = self._series.setdefault(labels, _Series(len(self._bounds)))
        series.numbers[bisect_left(self._bounds, value)] += 1
        series.sum += value

    def items(self) -> list[tuple[Labels, list[tuple[str, float]], float]]:
        """By labels: (bound, how many up to it) rising, `+Inf` last, and the sum of all values."""
        found = []
        for labels, series in self._series.items():
            up_to, buckets = 0, []
            names = [*map(str, self._bounds), "+Inf"]
            for name, number in zip(names, series.numbers, strict=True):
                up_to += number
                buckets.append((name, float(up_to)))
            found.append((labels, buckets, series.sum))
        return found


class DownloadCounts(msgspec.Struct):
    """Videos that stream through this process: how many began and ended, and `size` bytes."""

    begun: int = 0
    ended: int = 0
    size: int = 0

    def pass_on(self, part: bytes) -> bytes:
        """Counts a part of a file, and gives it back."""
        self.size += len(part)
        return part

"""What processes share, whatever engine keeps it: values under keys, changed only if they are as known,
and lists of items in the order of their bytes.

`sqlite_state.py` and `redis_state.py` implement it. Without a store there is none: then each process has
its own memory. Keys are short ASCII texts, values bytes; what has not been written again within its time
is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


class StoreUnavailableError(Exception):
    """The store did not answer in time, cannot be reached, is full or read-only.

    What was to be written may have been written all the same.
    """


class Swapped(msgspec.Struct, frozen=True):
    """Whether a swap was `done`; if not, `current` is what stands there (None: nothing)."""

    done: bool
    current: bytes | None


class SharedState(Protocol):
    """Values under keys. Every method raises StoreUnavailableError. Times in seconds."""

    async def time(self) -> float:
        """Unix seconds, by the same clock for all processes."""

    async def get(self, key: str) -> bytes | None:
        """The value; None where there is none, or its time is over."""

    async def swap(self, key: str, expected: bytes | None, value: bytes | None, seconds: float) -> Swapped:
        """Puts `value` (None: deletes) for `seconds` if `expected` stands there (None: nothing); atomic."""

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        """Puts the value whatever stands there."""

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values, in the order of the keys."""

    async def add(self, key: str, item: bytes, seconds: float, oldest: bytes) -> None:
        """Puts an item into a list, which is kept for `seconds`; items before `oldest` are dropped."""

    async def remove(self, key: str, item: bytes) -> None:
        """Takes an item out of a list."""

    async def items(
        self, key: str, limit: int, *, after: bytes | None = None, descending: bool = False
    ) -> list[bytes]:
        """At most so many items of a list, from its end where `descending`; those behind `after` alone."""

    async def warnings(self) -> list[str]:
        """What of the engine's own settings could lose what it holds, for the operator."""

    async def close(self) -> None:
        """Ends connections; nothing is called after it."""

"""The bytes of the bench's files: known at every place, so that a client can check them as they come."""

from __future__ import annotations

import hashlib

#: No multiple of any piece's size, so that a piece in the wrong place shows.
PERIOD = 1_000_003
#: The longest piece that `piece` gives.
LONGEST = 1 << 20

_BYTES = memoryview(hashlib.shake_256(b"bench").digest(PERIOD) * 3)


def piece(start: int, length: int) -> memoryview:
    """The bytes of any file from `start` on, at most LONGEST."""
    at = start % PERIOD
    return _BYTES[at : at + length]

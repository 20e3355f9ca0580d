"""What callers may make, and what a video costs there: the proxies expect less than Runway takes."""

from __future__ import annotations

import msgspec

#: Every wish is for so many seconds.
SECONDS = 4
#: Of each video: what Runway estimates and takes, and what the price list of the copied addon says. They
#: differ by less than what the log tells of.
COST = 25.0
EXPECTED = 21.0


class Limits(msgspec.Struct, frozen=True, omit_defaults=True):
    """As a caller in `mitm.conf` has them; None is no limit."""

    videos_per_day: int | None = None
    credits_per_day: float | None = None
    concurrency: int | None = None


NONE = Limits()

"""The addon with short times, in place of `addon/runway.py`: the real one has no option for them."""

from __future__ import annotations

import sys
from pathlib import Path

ADDON = Path(__file__).resolve().parent.parent.parent / "addon"
if str(ADDON) not in sys.path:
    sys.path.insert(0, str(ADDON))

from runway import RunwayAddon  # noqa: E402
from runway_videos.upstream.timeouts import Timeouts  # noqa: E402

TIMEOUTS = Timeouts(
    connect=1.0,
    # For a question or a deletion; connecting comes on top.
    read=2.0,
    # Enough for a Runway on this machine that answers at all, also when it is busy.
    create=5.0,
    upload=5.0,
    upload_rate=1e9,
    first_wait=0.05,
    poll_waits=(0.05, 0.05),
)

addons = [RunwayAddon(TIMEOUTS)]

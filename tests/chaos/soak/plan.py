"""What a soak does, and how long."""

from __future__ import annotations

import msgspec

#: Callers of the proxy, and Runway's keys; each key is an organisation of its own.
CALLERS = tuple(f"app-{number}" for number in range(4))
KEYS = ("key-of-one", "key-of-two")
#: Words in a prompt by which the sandbox does something to the task, and what part of the prompts has them.
FAULTS = {"[fail]": 0.03, "[cancel]": 0.01, "[throttle]": 0.02, "[shed]": 0.01, "[lost]": 0.01}
#: The part of the polls and downloads whose client hangs up.
HANG_UPS, CUT_DOWNLOADS = 0.01, 0.05


class Plan(msgspec.Struct, frozen=True):
    """`videos` unfinished at once, each asked about by `clients / videos` clients at `interval` seconds.

    A video takes `life` seconds. Every `reload` seconds the proxy reads something again, and Runway stands
    still for `halt` seconds.
    """

    seconds: float = 1200.0
    videos: int = 2000
    clients: int = 10_000
    interval: float = 60.0
    life: float = 180.0
    reload: float = 60.0
    halt: float = 2.0
    store: str = "memory"
    seed: int = 1

    @property
    def poll_seconds(self) -> int:
        """`runway_poll_seconds`: so old may a status be."""
        return max(1, round(self.life / 12))

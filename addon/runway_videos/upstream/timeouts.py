"""How long calls to Runway may take and how long to wait between tries. All in seconds."""

from __future__ import annotations

import msgspec


class Timeouts(msgspec.Struct, frozen=True):
    """Each bounds a whole call, from its first byte to the answer's last one, unless it says otherwise."""

    #: Until the connection stands. Nothing was sent before.
    connect: float = 10.0
    #: A question, a deletion, a place for an upload; connecting comes on top.
    read: float = 30.0
    #: A create that is sent once.
    create: float = 120.0
    #: A create with all its tries and the waits between them; its uploads come on top.
    all_tries: float = 180.0
    #: An upload with its second try, whatever its size; each `upload_rate` bytes add a second.
    upload: float = 60.0
    upload_rate: float = 256 * 1024
    #: A video that is read to take pictures out of it.
    video: float = 180.0
    #: The question whether a key that was refused is good.
    key_check: float = 5.0
    #: Before a create that Runway shed is sent again; each further wait is twice as long, all with
    #: up to 50 % on top (Runway's advice).
    first_wait: float = 1.0
    #: Between the tries of a question or a deletion, with up to 50 % on top.
    poll_waits: tuple[float, ...] = (0.5, 1.0)

    #: A list's wait for the statuses that it asks for.
    list_wait: float = 2.0
    #: A create's wait for the statuses of its caller's unfinished videos, before it is refused for them.
    limit_wait: float = 5.0

    def upload_of(self, size: int) -> float:
        """For an upload of `size` bytes."""
        return self.upload + size / self.upload_rate

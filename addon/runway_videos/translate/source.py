"""The video that a new one is made from: a remix, an edit or an extension of it."""

from __future__ import annotations

import msgspec

from runway_videos.media import TaskOutput
from runway_videos.translate.field_names import ClientField
from runway_videos.translate.sizes import read_size


class Source(msgspec.Struct, frozen=True):
    """A video made earlier, or, with `output` None, one among the client's fields.

    `length` and `size` as answers say them (`"8"`, `"1280x720"`), "" where they are not known. What
    is made of it has both where the client names no other.
    """

    output: TaskOutput | None
    length: str = ""
    size: str = ""

    @property
    def seconds(self) -> int | None:
        """Its length in whole seconds, None where that is not known."""
        return int(self.length) if self.length.isascii() and self.length.isdecimal() else None

    @property
    def frame(self) -> tuple[int, int] | None:
        """Its width and height in pixels, None where they are not known."""
        return read_size(self.size)

    @property
    def field(self) -> ClientField:
        """It as a client's field, for messages."""
        return ClientField("video", "")

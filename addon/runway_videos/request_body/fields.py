"""What a request body becomes: plain values, and files as slices of the body."""

from __future__ import annotations

import msgspec

from runway_videos.request_body.limits import QUOTED


class Upload(msgspec.Struct, frozen=True, eq=False):
    """A file part. `data` is a slice of the body, not a copy, so it keeps the body alive.

    `filename` is the last component of what the client said ("" when it said nothing); `label` is
    its content type in lower case. Neither is to be trusted: clients call raw bytes
    `application/octet-stream`.
    """

    data: bytes | memoryview
    filename: str
    label: str

    def __repr__(self) -> str:
        return f"Upload({len(self.data)} bytes, {self.filename!r}, {self.label!r})"


class LargeText(msgspec.Struct, frozen=True, eq=False):
    """A form's text that is too large to become a string before it is known what it is.

    `name` is the field's, for messages.
    """

    data: bytes | memoryview
    charset: str
    name: str


type Value = bool | int | float | str | Upload | list[Value] | dict[str, Value] | None


class Fields(msgspec.Struct, frozen=True):
    """A body's top-level fields. No member of an object is None: null means "not given".

    `form`: scalars came as text ("5", "true") and want their types rebuilt. What was sent as JSON
    inside a form has its types already. A text that spells out an object or array is one already,
    at the top and in lists there; only a prompt may look like JSON.
    """

    values: dict[str, Value]
    form: bool


def quoted(text: str) -> str:
    """A client's own text, quoted and short enough for a message."""
    return repr(text if len(text) <= QUOTED else text[:QUOTED] + "…")

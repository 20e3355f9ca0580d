"""What one body may cost, counted over all its texts and before anything is made of them."""

from __future__ import annotations

from runway_videos.errors import bad_request
from runway_videos.request_body.limits import ESCAPES, MARKS, NAMES, WIDE


class Budget:
    """What a body may still hold. One for each body; every method raises ApiError 400."""

    def __init__(self) -> None:
        self._marks = MARKS
        self._escapes = ESCAPES
        self._names = NAMES
        self._wide = WIDE

    def take_json(self, text: bytes, param: str | None) -> None:
        """A JSON text that is to be parsed. A comma or bracket stands for at most one value."""
        self._marks -= sum(map(text.count, (b",", b"[", b"{")))
        if self._marks < 0:
            raise bad_request(f"The JSON of the body holds more than {MARKS} values.", param)

    def take_escapes(self, text: bytes, param: str | None) -> None:
        """A percent-encoded text."""
        self._escapes -= text.count(b"%")
        if self._escapes < 0:
            raise bad_request(
                f"More than {ESCAPES:,} percent signs: send a body this large as multipart/form-data.",
                param,
            )

    def take_name(self, name: str) -> None:
        """The name of a form's field."""
        self._names -= len(name)
        if self._names < 0:
            raise bad_request(f"The names of the form's fields have more than {NAMES:,} characters together.")

    def take_wide(self, size: int, param: str | None) -> None:
        """`size` bytes of texts that are not ASCII: as strings they may be four times as large."""
        self._wide -= size
        if self._wide < 0:
            raise bad_request(
                f"Texts that are not ASCII may have {WIDE >> 20} MiB together: send files as parts of a "
                "multipart/form-data body.",
                param,
            )

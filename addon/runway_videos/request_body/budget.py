"""How much one request body may still hold, whatever the parts are that it comes in."""

from __future__ import annotations

from runway_videos.errors import bad_request
from runway_videos.request_body.limits import ESCAPES, TEXT, VALUES

_PIECE = 1 << 20  # bytes counted at once: a dense text is refused in its first piece
# A data URI counts as one value more: looking at each one costs time too.
_VALUE_SIGNS = (b",", b"[", b"{", b'"data:')


class Budget:
    """The structure and text that one body may hold. Each method raises ApiError 400."""

    def __init__(self) -> None:
        self._values = VALUES
        self._escapes = ESCAPES
        self._text = TEXT

    def spend_values(self, text: bytes, param: str | None = None) -> None:
        """Counts the values that a JSON text can make, before any of them is made."""
        self._values -= _count(text, _VALUE_SIGNS, self._values)
        if self._values < 0:
            raise bad_request(f"The JSON of the body holds more than {VALUES} values.", param)

    def spend_escapes(self, text: bytes, param: str | None = None) -> None:
        """Counts the percent signs of an urlencoded text."""
        self._escapes -= text.count(b"%")
        if self._escapes < 0:
            raise bad_request(
                f"More than {ESCAPES:,} percent signs: send a file this large as multipart/form-data.", param
            )

    def spend_text(self, size: int, param: str | None = None) -> None:
        """Counts bytes that become a string, which may take four times as many."""
        self._text -= size
        if self._text < 0:
            raise bad_request(
                f"The body holds more than {TEXT:,} bytes of text besides its files: send a file as a part "
                "of multipart/form-data or as a base64 data URI.",
                param,
            )


def _count(text: bytes, signs: tuple[bytes, ...], most: int) -> int:
    """How often `signs` stand in the text; any number over `most` when there are more."""
    found = 0
    for start in range(0, len(text), _PIECE):
        found += sum(text.count(sign, start, start + _PIECE) for sign in signs)
        if found > most:
            break
    return found

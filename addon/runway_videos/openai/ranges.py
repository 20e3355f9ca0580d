"""The Range header (RFC 9110, section 14) for one file."""

from __future__ import annotations

import re

# Only one range: several are ignored, which the RFC allows.
_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE | re.ASCII)
# Python limits the digits of a number; no file is that large.
_MAX_DIGITS = 19


class UnsatisfiableError(ValueError):
    """No byte of the file lies in the range: 416."""


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None when the header is to be ignored.

    Raises UnsatisfiableError.
    """
    match = _RANGE.fullmatch(header)
    if match is None or not (match[1] or match[2]):
        return None
    first, last = (_number(match[1]), _number(match[2]))
    if first is None:
        length = min(last or 0, size)
        start, stop = size - length, size
    elif last is None:
        start, stop = first, size
    elif last < first:
        return None
    else:
        start, stop = first, min(last + 1, size)
    if start >= stop:
        raise UnsatisfiableError(header)
    return start, stop


def _number(digits: str) -> int | None:
    if not digits:
        return None
    stripped = digits.lstrip("0") or "0"
    return int(stripped) if len(stripped) <= _MAX_DIGITS else 10**_MAX_DIGITS

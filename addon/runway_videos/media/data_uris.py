"""Data URIs: `data:image/png;base64,…` -> bytes, and back.

Large ones are decoded slice by slice into one buffer: the decoded bytes are the only copy.
"""

from __future__ import annotations

import binascii
import string

from runway_videos.errors import ApiError, bad_request
from runway_videos.request_body.budget import Budget
from runway_videos.request_body.large_data_uris import decode_base64
from runway_videos.request_body.percent_encoding import unquote_large

_HEADER = 1_024  # characters up to the comma
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def is_data_uri(text: str) -> bool:
    return text[:5].lower() == "data:"


def decode(text: str, param: str) -> bytes | memoryview:
    """The bytes of a data URI, whatever it calls them. Raises ApiError 400 naming `param`.

    Forgiving where nothing can be misread: line breaks, `%2B`, the URL-safe alphabet and missing
    padding in base64, a missing type.
    """
    comma = text.find(",", 0, _HEADER)
    if comma == -1:
        raise _broken(param, "it has no comma; the form is data:image/png;base64,…")
    header = text[:comma].lower().rstrip()
    if header.endswith(";base64") or header == "data:base64":
        return _decode_base64(text, comma + 1, param)
    try:
        return unquote_large(text[comma + 1 :].encode("ascii"), Budget(), param)
    except UnicodeEncodeError:
        raise _broken(param, "it is neither base64 nor percent-encoded") from None


def encode(mime: str, data: bytes | memoryview) -> str:
    return f"data:{mime};base64,{binascii.b2a_base64(data, newline=False).decode('ascii')}"


def encoded_length(mime: str, size: int) -> int:
    """`len(encode(mime, data))` for `size` bytes of data."""
    return len(f"data:{mime};base64,") + (size + 2) // 3 * 4


def _decode_base64(text: str, start: int, param: str) -> memoryview:
    try:
        return decode_base64(text, start)
    except ValueError:
        pass
    try:
        tidy = text[start:].encode("ascii")
        if b"%" in tidy:
            tidy = bytes(unquote_large(tidy, Budget(), param))
        tidy = tidy.translate(_URL_SAFE, delete=string.whitespace.encode())
        plain = tidy.rstrip(b"=")
        if len(tidy) - len(plain) > 2:
            raise ValueError("more padding than there can be")
        return decode_base64(plain + b"=" * (-len(plain) % 4))
    except ValueError:
        raise _broken(param, "its base64 is damaged") from None


def _broken(param: str, problem: str) -> ApiError:
    return bad_request(f"The data URI in {param!r} cannot be read: {problem}.", param)

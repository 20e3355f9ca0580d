"""Data URIs of many megabytes in a JSON text: taken out of it before it is parsed.

So they never become strings: each is decoded from the body itself, piece by piece, and others are
served in between.
"""

from __future__ import annotations

import binascii
import re
import secrets
from collections.abc import Mapping

from runway_videos.request_body.fields import Upload

#: Characters. What is shorter becomes a string like any other text.
LARGE = 262_144

_BEGINNING = re.compile(
    rb'data:((?:[^;,"\\]|\\/|\\u002f){1,100})(?:;[^;,"\\]{1,100}){0,8};base64,', re.IGNORECASE
)
_PIECE = 1 << 20  # characters; a multiple of four
# As PHP and .NET write the characters of base64 in JSON.
_ESCAPED = ((b"\\/", b"/"), (b"\\u002B", b"+"), (b"\\u002b", b"+"), (b"\\u002F", b"/"), (b"\\u002f", b"/"),
            (b"\\u003D", b"="), (b"\\u003d", b"="))  # fmt: skip
_LONGEST_ESCAPE = 6


def take_out(text: bytes) -> tuple[bytes, Mapping[str, Upload]]:
    """The JSON with a placeholder in place of each large data URI, and the files by their placeholders.

    What is not plain base64 stays where it is, for the parser and for those who know more forms.
    """
    files: dict[str, Upload] = {}
    kept: list[bytes | memoryview] = []
    view = memoryview(text)
    done = at = 0
    while len(text) - at > LARGE and (at := _find(text, at)) != -1:
        # JSON has no such text outside of strings. Behind a backslash it is inside of one.
        begins = _BEGINNING.match(text, at + 1) if text[at - 1 : at] != b"\\" else None
        end = text.find(b'"', begins.end()) if begins else -1
        if begins and end - begins.end() > LARGE:
            try:
                data = _decode_escaped(view[begins.end() : end])
            except ValueError:
                pass
            else:
                placeholder = secrets.token_hex(16)
                files[placeholder] = Upload(data, "", _label(begins))
                kept += (view[done:at], f'"{placeholder}"'.encode())
                done = end + 1
        at = max(at, end) + 1
    return (b"".join([*kept, view[done:]]) if files else text), files


def _find(text: bytes, start: int) -> int:
    """Where the next `"data:` stands, or -1. In pieces: one long search would keep others waiting."""
    for begin in range(start, len(text), _PIECE):
        at = text.find(b'"data:', begin, begin + _PIECE + 5)
        if at != -1:
            return at
    return -1


def whole_data_uri(text: bytes) -> Upload | None:
    """The file of a text that is one data URI in plain base64; else None."""
    begins = _BEGINNING.match(text)
    if begins is None:
        return None
    try:
        return Upload(decode_base64(memoryview(text)[begins.end() :]), "", _label(begins))
    except ValueError:
        return None


def _label(begins: re.Match[bytes]) -> str:
    return re.sub(rb"\\/|\\u002f", b"/", begins[1].lower()).decode("ascii", "replace")


def _decode_escaped(text: memoryview) -> memoryview:
    """`decode_base64` of what stands between a JSON string's quotes."""
    decoded, rest, start = bytearray(), b"", 0
    while start < len(text) or rest:
        piece = rest + bytes(text[start : start + _PIECE])
        start += _PIECE
        # What may be the beginning of an escape waits for the next piece.
        cut = piece.rfind(b"\\", -_LONGEST_ESCAPE + 1) if start < len(text) else -1
        piece, rest = (piece[:cut], piece[cut:]) if cut != -1 else (piece, b"")
        if b"\\" in piece:
            for escape, character in _ESCAPED:
                piece = piece.replace(escape, character)
        whole = len(piece) // 4 * 4 if start < len(text) else len(piece)
        piece, rest = piece[:whole], piece[whole:] + rest
        if len(decoded) % 3:
            raise ValueError("padding before the end")
        decoded += binascii.a2b_base64(piece, strict_mode=True)
    return memoryview(decoded)


def decode_base64(text: str | bytes | memoryview, start: int = 0) -> memoryview:
    """Strict base64 from `start` on, with padding. Raises ValueError."""
    decoded = bytearray()
    for begin in range(start, len(text), _PIECE):
        if len(decoded) % 3:
            raise ValueError("padding before the end")
        decoded += binascii.a2b_base64(text[begin : begin + _PIECE], strict_mode=True)
    if len(text) - start != 4 * -(-len(decoded) // 3):  # Python 3.12 lets more padding pass than is due
        raise ValueError("excess padding")
    return memoryview(decoded)

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

#: Characters. What is shorter may stay a data URI all the way: Runway takes as many.
LARGE = 5_242_880
#: What is taken out of a text whose strings would be too large otherwise.
SMALL = 65_536

_BEGINNING = re.compile(rb'"data:([^;,"\\]{1,100})(?:;[^;,"\\]{1,100}){0,8};base64,', re.IGNORECASE)
_PIECE = 1 << 20  # characters; a multiple of four


def take_out(text: bytes, least: int = LARGE) -> tuple[bytes, Mapping[str, Upload]]:
    """The JSON with a mark in place of each data URI of more than `least`, and the files by their marks.

    What is not plain base64 stays where it is, for the parser and for those who know more forms.
    """
    files: dict[str, Upload] = {}
    kept: list[bytes | memoryview] = []
    view = memoryview(text)
    done = at = 0
    while len(text) - at > least and (at := find_in_pieces(text, b'"data:', at)) != -1:
        # JSON has no such text outside of strings. Behind a backslash it is inside of one.
        begins = _BEGINNING.match(text, at) if text[at - 1 : at] != b"\\" else None
        end = text.find(b'"', begins.end()) if begins else -1
        if begins and end - begins.end() > least:
            try:
                data = decode_base64(view[begins.end() : end])
            except ValueError:
                pass
            else:
                mark = secrets.token_hex(16)
                files[mark] = Upload(data, "", begins[1].decode("ascii", "replace").lower())
                kept += (view[done:at], f'"{mark}"'.encode())
                done = end + 1
        at = max(at, end) + 1
    return (b"".join([*kept, view[done:]]) if files else text), files


def find_in_pieces(text: bytes, wanted: bytes, start: int = 0) -> int:
    """`text.find(wanted, start)`, which others need not wait for: one search holds the interpreter's lock."""
    for begin in range(start, len(text), _PIECE):
        at = text.find(wanted, begin, begin + _PIECE + len(wanted) - 1)
        if at != -1:
            return at
    return -1


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

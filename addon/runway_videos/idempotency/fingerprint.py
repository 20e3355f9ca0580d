"""A digest of a request's parsed content, by which a repeat of it is known."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from hashlib import sha256

from runway_videos.request_body import Upload, Value


def fingerprint_of(values: Mapping[str, Value]) -> bytes:
    """32 bytes: equal for equal fields and file bytes, whatever their order or boundary.

    A file's name and label are no part of it. Every value is written with its type and length, so
    that no two contents are written alike; what JSON tells apart ("8", 8, 8.0, true) stays apart.
    Large files are hashed without the interpreter's lock: call it in a thread for them.
    """
    fingerprint = sha256()
    # A stack of its own: a body may be nested deeper than Python recurses.
    todo: list[Value] = [dict(values)]
    while todo:
        value = todo.pop()
        match value:
            case dict():
                names = sorted(value, reverse=True)
                fingerprint.update(_head(b"d", len(names)))
                for name in names:
                    todo += (value[name], name)
            case list():
                fingerprint.update(_head(b"l", len(value)))
                todo += reversed(value)
            case Upload():
                fingerprint.update(_head(b"u", 32) + sha256(value.data).digest())
            case _:
                kind, text = _scalar(value)
                fingerprint.update(_head(kind, len(text)) + text)
    return fingerprint.digest()


def _scalar(value: str | float | None) -> tuple[bytes, bytes]:
    match value:
        case str():
            return b"s", value.encode("utf-8", "surrogatepass")
        case bool() | None:
            return b"c", str(value).encode()
        case int():
            return b"i", b"%x" % value
        case float():
            return b"f", struct.pack(">d", value)
        case _:
            raise TypeError(f"{type(value).__name__} is no value of a field")


def _head(kind: bytes, length: int) -> bytes:
    return kind + length.to_bytes(8)

"""Callers' tokens where they stand in a request: they are for this proxy, no log and no server sees one.

This decides nothing on who is served. It looks for the few tokens that there are, by value.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

from runway_videos.config.caller_options import Caller

#: Headers as they stand on the wire: order, case and repetitions.
type HeaderFields = tuple[tuple[bytes, bytes], ...]

# A shorter token may be a part of other words: it is found only where it stands alone.
_SHORT = 8
_BASIC = re.compile(rb"(?i)\bbasic[\s]+([a-z0-9+/_-]+)")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
# Without these a message would be another one; no client has its token there.
_KEPT = frozenset({b"host", b"content-length", b"transfer-encoding"})
# Of these only the part with the token goes. A WebSocket's client has nowhere else for its key.
_SEPARATORS = {b"cookie": b";", b"sec-websocket-protocol": b","}
_IN_PATH = b"redacted"


class CallerTokens:
    """Finds the tokens of these callers, and takes them out."""

    def __init__(self, callers: Iterable[Caller]) -> None:
        tokens = [caller.value.encode() for caller in callers]
        self._long = _Hidden(token for token in tokens if len(token) >= _SHORT)
        self._short = _Hidden(
            re.compile(rb"(?<![\w.-])%s(?![\w.-])" % re.escape(token))
            for token in tokens
            if len(token) < _SHORT
        )
        self._has_none = not tokens

    def __bool__(self) -> bool:
        return not self._has_none

    def held_by(self, text: bytes) -> bool:
        """Whether a token stands in the text: as it is, percent-encoded, or in the base64 of Basic."""
        if self._plain_in(text):
            return True
        if b"%" in text and self._plain_in(unquote_to_bytes(text)):
            return True
        if b"basic" not in text.lower():
            return False
        return any(self._plain_in(_decoded(word)) for word in _BASIC.findall(text))

    def out_of_headers(self, fields: HeaderFields) -> HeaderFields:
        """The headers without those that hold a token; of cookies only the one with it goes."""
        if self._has_none or not self.held_by(b"\n".join([value for _, value in fields])):
            return fields
        return tuple(field for each in fields if (field := self._out_of_header(*each)) is not None)

    def out_of_target(self, target: bytes) -> bytes:
        """A path and its query without the parameters, and the parts of the path, that hold a token."""
        if self._has_none or not self.held_by(target):
            return target
        path, _, query = target.partition(b"?")
        path = b"/".join(_IN_PATH if self.held_by(part) else part for part in path.split(b"/"))
        if self.held_by(path):  # it has a slash in it
            path = b"/" + _IN_PATH
        query = self._out_of_list(query, b"&")
        rest = path + b"?" + query if query else path
        return b"/" + _IN_PATH if self.held_by(rest) else rest  # it has a question mark in it

    def _out_of_header(self, name: bytes, value: bytes) -> tuple[bytes, bytes] | None:
        lower = name.lower()
        if lower in _KEPT or not self.held_by(value):
            return name, value
        rest = self._out_of_list(value, _SEPARATORS[lower]).strip() if lower in _SEPARATORS else b""
        return (name, rest) if rest else None

    def _out_of_list(self, text: bytes, separator: bytes) -> bytes:
        """What is left of a list; nothing where the token itself has the separator in it."""
        rest = separator.join(part for part in text.split(separator) if not self.held_by(part))
        return b"" if self.held_by(rest) else rest

    def _plain_in(self, text: bytes) -> bool:
        return any(token in text for token in self._long) or any(token.search(text) for token in self._short)


class _Hidden[T]:
    """Never shows what it holds."""

    def __init__(self, held: Iterable[T]) -> None:
        self._held = tuple(held)

    def __iter__(self) -> Iterator[T]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        return f"<{len(self)} tokens>"


def _decoded(word: bytes) -> bytes:
    """The bytes of a base64 word, of either alphabet and with or without padding."""
    try:
        return base64.b64decode(word.translate(_URL_SAFE) + b"=" * (-len(word) % 4))
    except binascii.Error:
        return b""

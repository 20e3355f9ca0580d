"""The header values that tell how to read a body: types, parameters, charsets, file names."""

from __future__ import annotations

import re
from urllib.parse import unquote

from runway_videos.errors import bad_request
from runway_videos.request_body.fields import quoted
from runway_videos.request_body.limits import CONTENT_TYPE

_PARAMETER = re.compile(r';[ \t]*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=("(?:\\.|[^"\\])*"|[^;" \t]*)')

# Old Java clients label text parts ISO-8859-1; US-ASCII is a part of UTF-8.
_CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
}


def media_type(header: str) -> tuple[str, dict[str, str]]:
    """`Text/Plain; Charset="utf-8"` -> `("text/plain", {"charset": "utf-8"})`.

    A parameter given twice is refused: readers that disagree on which one counts would see two
    different bodies.
    """
    if len(header) > CONTENT_TYPE:
        raise bad_request(f"A Content-Type is longer than {CONTENT_TYPE} characters.")
    parameters: dict[str, str] = {}
    for spelling, value in _PARAMETER.findall(header):
        name = spelling.lower()
        if name in parameters:
            raise bad_request(f"A Content-Type names {quoted(name)} twice: {quoted(header)}.")
        if value[:1] == '"':
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        parameters[name] = value
    return header.partition(";")[0].strip().lower(), parameters


def text_of(data: bytes | memoryview, charset: str, where: str, param: str | None = None) -> str:
    """`data` as text. What the charset does not have is refused, not replaced by a guess."""
    codec = _CHARSETS.get(charset.lower() or "utf-8")
    if codec is None:
        raise bad_request(f"{where} is labelled charset={quoted(charset)}: send UTF-8.", param)
    try:
        return str(data, codec)
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} ({data[error.start]:#04x}) is not {codec.upper()}"
        raise bad_request(f"{where} is not text: {problem}. Send UTF-8.", param) from None


def extended_filename(disposition: str) -> str | None:
    """The `filename*=UTF-8''na%C3%AFve.png` (RFC 5987) of a Content-Disposition.

    Older HTTP libraries send it *instead of* `filename` when a name is not ASCII. RFC 7578 forbids
    it, and the parser package does not read it.
    """
    for name, value in _PARAMETER.findall(disposition):
        if name.lower() == "filename*":
            charset, _, rest = value.partition("'")
            codec = _CHARSETS.get(charset.lower(), "utf-8")
            return unquote(rest.partition("'")[2], codec, "replace")
    return None


def last_component(path: str) -> str:
    r"""`C:\fakepath\a.png`, `/home/ada/a.png` -> `a.png`: some clients send the whole path."""
    return path.replace("\\", "/").rpartition("/")[2]

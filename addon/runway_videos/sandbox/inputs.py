"""Checks of media inputs: a string that is an https URL, a data URI or a `runway://` URI.

Source: docs.dev.runwayml.com/assets/inputs and /errors/troubleshooting.
"""

from __future__ import annotations

import binascii
import re
from urllib.parse import urlsplit

#: Characters of a whole data URI; the SDK's docs say it of all three kinds.
MAX_DATA_URI = 5_242_880
MAX_URL = 2_048

TYPES: dict[str, frozenset[str]] = {
    "image": frozenset({"image/jpeg", "image/jpg", "image/png", "image/webp"}),
    "video": frozenset({"video/mp4", "video/webm", "video/quicktime", "video/ogg"}),
    "audio": frozenset(
        {
            *("audio/mpeg", "audio/mp3", "audio/wav", "audio/wave", "audio/x-wav", "audio/flac"),
            *("audio/x-flac", "audio/mp4", "audio/m4a", "audio/x-m4a", "audio/aac", "audio/x-aac"),
            *("audio/ogg", "audio/webm"),
        }
    ),
}
#: The kind of an uploaded file, by its extension.
EXTENSIONS: dict[str, str] = {
    **dict.fromkeys(("jpg", "jpeg", "png", "webp"), "image"),
    **dict.fromkeys(("mp4", "webm", "mov", "ogv"), "video"),
    **dict.fromkeys(("mp3", "wav", "flac", "m4a", "aac", "ogg", "oga"), "audio"),
}
# Magic bytes of types that they identify: offset, bytes, content type.
_MAGIC = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (8, b"WEBP", "image/webp"),
    (0, b"GIF8", "image/gif"),
    (8, b"WAVE", "audio/wav"),
    (0, b"fLaC", "audio/flac"),
    (4, b"ftypqt", "video/quicktime"),
)
_DATA = re.compile(r"data:([^;,]+)((?:;[^;,]+)*),", re.ASCII)
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)\.?", re.IGNORECASE | re.ASCII)


def problem(text: str, kind: str) -> str | None:
    """What is wrong with an https URL or a data URI for this kind of media, None if nothing.

    `runway://` URIs are not checked here: see `Uploads.problem`.
    """
    if text.startswith("runway://"):
        return None
    if text[:5].lower() == "data:":
        return _data(text, kind)
    return _url(text)


def _url(text: str) -> str | None:
    if len(text) > MAX_URL:
        return f"Invalid URL. URLs may have at most {MAX_URL} characters."
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return "Invalid URL"
    if parts.scheme != "https":
        is_url = parts.scheme and parts.netloc
        return "Only HTTPS URLs are allowed." if is_url else "Invalid URL"
    # A host whose last label is a number is an IPv4 address (WHATWG URL), `127.1` too.
    last = host.rstrip(".").rpartition(".")[2]
    if "." not in host.strip(".") or _NUMBER.fullmatch(last):
        return "URLs must be hosted on a domain."
    return None


def _data(text: str, kind: str) -> str | None:
    if len(text) > MAX_DATA_URI:
        return f"Data URIs may have at most {MAX_DATA_URI} characters, this one has {len(text)}."
    match = _DATA.match(text)
    if match is None:
        return "Invalid data URI."
    label = match[1].lower()
    if label not in TYPES[kind]:
        return (
            "Unsupported asset type. Data URIs must include the content type of the value they "
            f"encode. Expected one of {', '.join(sorted(TYPES[kind]))}, received {label}."
        )
    if match[2].lower().rpartition(";")[2] != "base64":
        return "Invalid data URI. It must be base64 encoded."
    try:
        data = binascii.a2b_base64(text[match.end() :], strict_mode=True)
    except ValueError:
        return "Invalid data URI. It is not valid base64."
    if not data:
        return "Invalid data URI. It is empty."
    found = next((name for at, begin, name in _MAGIC if data.startswith(begin, at)), label)
    if found != label and {found, label} not in _SYNONYMS:
        return f"The data URI says {label}, but its content is {found}."
    return None


_SYNONYMS: tuple[set[str], ...] = (
    {"image/jpeg", "image/jpg"},
    {"audio/wav", "audio/wave"},
    {"audio/wav", "audio/x-wav"},
    {"audio/flac", "audio/x-flac"},
)

"""Pictures, videos and sounds on their way to Runway: what they are, and whether it takes them."""

from __future__ import annotations

import re
import unicodedata

import msgspec

from runway_videos.errors import ApiError, bad_request
from runway_videos.media.data_uris import decode, encode, encoded_length, is_data_uri
from runway_videos.media.sniffing import ACCEPTED, sniff
from runway_videos.media.task_output import TaskOutput
from runway_videos.media.urls import check_https, check_runway
from runway_videos.request_body.fields import Upload

__all__ = ["INLINE_LENGTH", "UPLOAD_SIZE", "Media", "TaskOutput", "data_uri", "from_text", "from_upload"]

INLINE_LENGTH = 5_242_880  # characters of a data URI; beyond it Runway wants an upload
UPLOAD_SIZE = 200 * 1024 * 1024  # bytes of an upload, whatever its kind

_NAMES = {"image": "a picture", "video": "a video", "audio": "a sound"}
_SPELLINGS = {"image/jpeg": ("jpeg",), "audio/wav": ("wave",), "video/ogg": ("ogg",)}
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_STEM = 100  # characters of a client's file name that are kept
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}):")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{64}")


class Media(msgspec.Struct, frozen=True, eq=False):
    """A file for Runway, of a type that it takes. Compared by identity.

    `kind` is "image", "video" or "audio"; `mime` was found from the bytes; `data` may be a slice of
    the request body; `filename` is ASCII, 3 to 255 characters, with the type's extension.
    """

    kind: str
    mime: str
    data: bytes | memoryview
    filename: str

    @property
    def encoded_length(self) -> int:
        """Characters of the data URI that it would be."""
        return encoded_length(self.mime, len(self.data))

    @property
    def fits_inline(self) -> bool:
        return self.encoded_length <= INLINE_LENGTH

    def __repr__(self) -> str:
        return f"Media({self.mime}, {len(self.data)} bytes, {self.filename!r})"


def data_uri(media: Media) -> str:
    """`data:<mime>;base64,…`. Encodes whatever its size: see `fits_inline`."""
    return encode(media.mime, media.data)


def from_upload(upload: Upload, kind: str, param: str) -> Media:
    """A file part as media of `kind`. Raises ApiError 400 naming `param`."""
    return _media(upload.data, upload.filename, kind, param)


def from_text(text: str, kind: str, param: str) -> str | Media:
    """A URL that Runway would fetch (checked, returned) or a data URI (decoded).

    Raises ApiError 400 naming `param`. Nothing is fetched.
    """
    text = text.strip()
    if is_data_uri(text):
        return _media(decode(text, param), "", kind, param)
    match = _SCHEME.match(text)
    scheme = match[1].lower() if match else ""
    if text[len(scheme) :].startswith("://"):
        if scheme == "https":
            return check_https(text, param)
        if scheme == "runway":
            return check_runway(text, param)
    raise _no_reference(text, scheme, kind, param)


def _media(data: bytes | memoryview, filename: str, kind: str, param: str) -> Media:
    name, accepted = _NAMES[kind], ACCEPTED[kind]
    if not data:
        raise bad_request(f"The file in {param!r} is empty.", param)
    mime = sniff(data, kind)
    if mime is None or mime not in accepted:
        found = f"is {mime}" if mime else "is of no known type, going by its first bytes"
        raise bad_request(
            f"The file in {param!r} {found}. Runway takes {name} as {', '.join(accepted)}.", param
        )
    if len(data) > UPLOAD_SIZE:
        raise bad_request(
            f"The file in {param!r} has {len(data):,} bytes; Runway takes up to {UPLOAD_SIZE:,}.",
            param,
        )
    return Media(kind, mime, data, _safe_name(filename, kind, mime))


def _safe_name(filename: str, kind: str, mime: str) -> str:
    extension = ACCEPTED[kind][mime]
    stem, _, given = filename.rpartition(".")
    if given.lower() in _SPELLINGS.get(mime, ()):
        extension = given.lower()
    plain = unicodedata.normalize("NFKD", stem or given).encode("ascii", "ignore").decode()
    stem = _UNSAFE.sub("_", plain).strip("_-")[:_STEM] or kind
    return f"{stem}.{extension}"


def _no_reference(text: str, scheme: str, kind: str, param: str) -> ApiError:
    ways = f"an https URL, a data URI (data:{next(iter(ACCEPTED[kind]))};base64,…) or an uploaded file"
    if not text:
        problem = "is empty"
    elif scheme == "http":
        problem = "is an http URL; Runway fetches https only"
    elif scheme == "https":
        problem = "is no URL: https: needs two slashes"
    elif scheme:
        problem = f"begins with {scheme}:, which Runway cannot fetch"
    elif _BASE64.match(text):
        problem = "looks like base64 without its data URI header"
    else:
        problem = "is no URL"
    return bad_request(f"The text in {param!r} {problem}. Send {_NAMES[kind]} as {ways}.", param)

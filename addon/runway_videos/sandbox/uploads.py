"""Runway's upload in two steps: a slot is asked for, then a form is posted to the file store.

The form is parsed as it comes: of a file only the size, the hash and the length are kept. The store
refuses as S3 does.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

import msgspec
from multipart import (
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from runway_videos.sandbox.clip_lengths import seconds_of
from runway_videos.sandbox.inputs import EXTENSIONS

PATH = "/uploads"
MIN_BYTES, MAX_BYTES = 512, 200 << 20
#: How long a slot and its file are valid.
VALID_SECONDS = 86_400.0

_MAX_SLOTS = 10_000
# Bytes of a file that its length is read from.
_BEGINNING = 64 << 10
_MAX_FIELD_BYTES = 20 << 10
# The SDK sends it when its caller gives `file_metadata`.
_OPTIONAL_FIELDS = frozenset({"metadata"})


class StorageError(Exception):
    """A refusal of the file store: status, S3's code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Slot(msgspec.Struct, eq=False):
    """A place for one file. `size` is None until the file has come."""

    uri: str
    organisation: str
    kind: str
    filename: str
    fields: dict[str, str]
    created: float
    size: int | None = None
    seconds: float | None = None
    sha256: str = ""


class Uploads:
    """All slots, by `runway://` URI and by the form's `key`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._by_key: dict[str, Slot] = {}
        self._by_uri: dict[str, Slot] = {}

    def open(self, organisation: str, filename: str) -> Slot:
        """A new slot for a file whose name has one of the known extensions."""
        key = f"ephemeral/{secrets.token_hex(16)}"
        fields = {
            "key": key,
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "Policy": secrets.token_urlsafe(64),
            "X-Amz-Signature": secrets.token_hex(32),
        }
        uri = f"runway://{secrets.token_urlsafe(48)}"
        kind = EXTENSIONS[extension(filename)]
        slot = Slot(uri, organisation, kind, filename, fields, self._clock())
        self._by_key[key] = self._by_uri[uri] = slot
        if len(self._by_key) > _MAX_SLOTS:
            oldest = next(iter(self._by_key.values()))
            del self._by_key[oldest.fields["key"]], self._by_uri[oldest.uri]
        return slot

    def by_key(self, key: str) -> Slot | None:
        """The slot that a form is for."""
        return self._by_key.get(key)

    def problem(self, uri: str, kind: str, organisation: str) -> str | None:
        """Why the organisation cannot use this URI as an image, video or audio; None if it can."""
        slot = self._by_uri.get(uri)
        if slot is None or slot.organisation != organisation:
            return "Invalid Runway URI. No upload of your organization has it."
        if slot.size is None:
            return "Invalid Runway URI. Its file has not been uploaded."
        if self.expired(slot):
            return "Invalid Runway URI. It has expired."
        # An .ogg may be a video as well as a sound.
        if slot.kind != kind and not (kind == "video" and slot.filename.lower().endswith(".ogg")):
            return f"Invalid asset. Expected {kind}, received {slot.kind}."
        return None

    def seconds(self, uri: str) -> float | None:
        """How long the video at a URI is, None where its first bytes did not tell."""
        slot = self._by_uri.get(uri)
        return slot.seconds if slot else None

    def expired(self, slot: Slot) -> bool:
        """Whether its 24 hours are over."""
        return self._clock() > slot.created + VALID_SECONDS


class Receiver:
    """Parses the form of one upload as it comes. Raises StorageError."""

    def __init__(self, uploads: Uploads, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        if kind != "multipart/form-data" or not options.get("boundary"):
            raise StorageError(412, "PreconditionFailed", "Bucket POST must be multipart/form-data")
        self._uploads = uploads
        self._parser = PushMultipartParser(options["boundary"], max_segment_count=40)
        self._part: MultipartSegment | None = None
        self._hash = hashlib.sha256()
        self._field_bytes = 0
        self._text = b""
        self._beginning = b""
        self.slot: Slot | None = None
        self.fields: dict[str, str] = {}
        self.size = 0

    def feed(self, piece: bytes) -> None:
        """The next bytes of the form."""
        try:
            for event in self._parser.parse(piece):
                if event is None:
                    self._end()
                elif isinstance(event, MultipartSegment):
                    self._begin(event)
                else:
                    self._data(event)
        except MultipartError as error:
            raise StorageError(400, "MalformedPOSTRequest", str(error)) from error

    def finish(self) -> Slot:
        """Closes the form and fills the slot."""
        try:
            self._parser.close()
        except MultipartError as error:
            raise StorageError(400, "MalformedPOSTRequest", str(error)) from error
        if self.slot is None:
            message = "POST requires exactly one file upload per request."
            raise StorageError(400, "IncorrectNumberOfFilesInPostRequest", message)
        if self.size < MIN_BYTES:
            message = "Your proposed upload is smaller than the minimum allowed size"
            raise StorageError(400, "EntityTooSmall", message)
        self.slot.size, self.slot.sha256 = self.size, self._hash.hexdigest()
        self.slot.seconds = seconds_of(self._beginning)
        return self.slot

    def _begin(self, part: MultipartSegment) -> None:
        if self.slot is not None:
            message = f"The part {part.name} comes after the file, which must be the last."
            raise StorageError(400, "InvalidArgument", message)
        self._part, self._text = part, b""
        if part.name == "file":
            self.slot = self._authorized()

    def _data(self, piece: bytes) -> None:
        if self.slot is None:
            self._field_bytes += len(piece)
            if self._field_bytes > _MAX_FIELD_BYTES:
                message = "Your POST request fields preceding the upload file were too large."
                raise StorageError(400, "MaxPostPreDataLengthExceeded", message)
            self._text += piece
            return
        self.size += len(piece)
        if self.size > MAX_BYTES:
            message = "Your proposed upload exceeds the maximum allowed size"
            raise StorageError(400, "EntityTooLarge", message)
        self._hash.update(piece)
        self._beginning += piece[: max(_BEGINNING - len(self._beginning), 0)]

    def _end(self) -> None:
        if self.slot is None and self._part is not None:
            self.fields[self._part.name] = self._text.decode("utf-8", "replace")

    def _authorized(self) -> Slot:
        slot = self._uploads.by_key(self.fields.get("key", ""))
        if slot is None or self._uploads.expired(slot):
            raise StorageError(403, "AccessDenied", "Invalid according to Policy: Policy expired.")
        for name, value in slot.fields.items():
            if self.fields.get(name) != value:
                message = f"Invalid according to Policy: Policy Condition failed: {name}"
                raise StorageError(403, "AccessDenied", message)
        if extra := self.fields.keys() - slot.fields.keys() - _OPTIONAL_FIELDS:
            message = f"Invalid according to Policy: Extra input fields: {', '.join(sorted(extra))}"
            raise StorageError(403, "AccessDenied", message)
        return slot


def extension(filename: str) -> str:
    """A file name's extension in lower case, without the dot; "" if it has none."""
    return filename.rpartition(".")[2].lower() if "." in filename else ""

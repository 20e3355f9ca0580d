"""Form bodies -> (name, text or file) pairs, in the order they came.

The `multipart` package decides what the parts are. It hands out copies, so it is fed small pieces,
whose copies die at once, and the parts are cut out of the body by the sizes that it reports.
"""

from __future__ import annotations

from collections.abc import Iterator

from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
)

from runway_videos.errors import bad_request
from runway_videos.request_body.budget import Budget
from runway_videos.request_body.content_type import extended_filename, last_component, media_type, text_of
from runway_videos.request_body.fields import LargeText, Upload, quoted
from runway_videos.request_body.large_data_uris import LARGE
from runway_videos.request_body.limits import BOUNDARY, HEADER_LINE, NAME, PART_HEADERS, PARTS
from runway_videos.request_body.percent_encoding import unquote_large

type Entry = tuple[str, str | Upload | LargeText]

_PIECE = 65_536
_HINT = "Let the HTTP library write the Content-Type of a multipart body: it knows the boundary."


def read_multipart(body: bytes, parameters: dict[str, str], budget: Budget) -> list[Entry]:
    """The parts of a multipart/form-data body: all of them, or ApiError 400."""
    boundary = _boundary(parameters)
    opening = b"--" + boundary
    start = 2 if body.startswith(b"\r\n") else 0
    if not body.startswith(opening, start):
        raise bad_request(
            f"The multipart body does not begin with {quoted(opening.decode())}, as the boundary in "
            f"its Content-Type says. {_HINT}"
        )
    parser = PushMultipartParser(
        boundary,
        max_header_size=HEADER_LINE,
        max_header_count=PART_HEADERS,
        max_segment_count=PARTS,
    )
    try:
        return list(_parts(parser, body, budget))
    except ParserLimitReached as error:
        raise bad_request(
            f"The multipart body is refused: {error}. It may have {PARTS} parts, {PART_HEADERS} "
            f"header lines in each, and {HEADER_LINE} bytes in a header line."
        ) from None
    except MultipartError as error:
        raise bad_request(f"The multipart body is broken: {error.args[0]}. {_HINT}") from None


def read_urlencoded(body: bytes, budget: Budget, charset: str = "") -> list[Entry]:
    """The fields of an application/x-www-form-urlencoded body. Raises ApiError 400."""
    if body.count(b"&") >= PARTS:
        raise bad_request(f"The form has more than {PARTS} fields.")
    body = body.strip()
    whole = memoryview(body)
    entries: list[Entry] = []
    start = 0
    while start < len(body):
        end = _found(body, b"&", start, len(body))
        equals = _found(body, b"=", start, end)
        if equals - start > 12 * NAME:  # a character may take four bytes, a byte three in %XX
            raise bad_request(f"A field's name is longer than {NAME} characters.")
        if end > start:
            key = unquote_large(whole[start:equals], budget, form=True)
            name = text_of(key, charset, "A field's name")
            value = unquote_large(whole[equals + 1 : end], budget, name, form=True)
            entries.append((name, _text(value, charset, name, budget)))
        start = end + 1
    return entries


def _found(body: bytes, delimiter: bytes, start: int, end: int) -> int:
    """Where `delimiter` stands in a part of the body; `end` where it does not."""
    at = body.find(delimiter, start, end)
    return end if at == -1 else at


def _text(data: bytes | memoryview, charset: str, name: str, budget: Budget) -> str | LargeText:
    if len(data) > LARGE:
        return LargeText(data, charset, name)
    budget.spend_text(len(data), name)
    return text_of(data, charset, f"The field {quoted(name)}", name)


def _boundary(parameters: dict[str, str]) -> bytes:
    boundary = parameters.get("boundary", "")
    if not boundary:
        raise bad_request(f"The Content-Type multipart/form-data names no boundary. {_HINT}")
    if len(boundary) > BOUNDARY or not (boundary.isascii() and boundary.isprintable()):
        raise bad_request(f"A multipart boundary is 1 to {BOUNDARY} printable ASCII characters.")
    return boundary.encode()


def _parts(parser: PushMultipartParser, body: bytes, budget: Budget) -> Iterator[Entry]:
    whole = memoryview(body)
    segment: MultipartSegment = None  # the parser begins a part before it ends one
    start = end = 0
    for begin in range(0, len(body), _PIECE):
        for event in parser.parse(body[begin : begin + _PIECE]):
            if isinstance(event, MultipartSegment):
                segment = event
                start = body.find(b"\r\n\r\n", end) + 4  # the first empty line ends the headers
            elif event is None:
                end = start + segment.size
                yield _entry(segment, whole[start:end], budget)
    try:
        parser.close()
    except MultipartError:
        raise bad_request(
            "The multipart body ends before its closing boundary: it was cut off on the way. "
            "Nothing of it was used."
        ) from None


def _entry(segment: MultipartSegment, data: memoryview, budget: Budget) -> Entry:
    name: str = segment.name
    if not name:
        raise bad_request('A part of the multipart body has no name: its Content-Disposition needs name="…".')
    encoding = segment.header("Content-Transfer-Encoding", "binary").strip().lower()
    if encoding not in ("binary", "8bit", "7bit"):
        raise bad_request(
            f"The part {quoted(name)} is encoded as {quoted(encoding)} (Content-Transfer-Encoding): "
            "send its bytes as they are.",
            name,
        )
    label, parameters = media_type(segment.header("Content-Type", ""))
    filename: str | None = segment.filename
    if filename is None:
        filename = extended_filename(segment.header("Content-Disposition"))
    if _is_text(filename, label, data):
        return name, _text(data, parameters.get("charset", ""), name, budget)
    return name, Upload(data, last_component(filename or ""), label)


def _is_text(filename: str | None, label: str, data: memoryview) -> bool:
    labelled_text = label.startswith("text/") or label == "application/json"
    if filename is None:
        return labelled_text or not label
    if not filename and not data:
        return True  # a browser's file input that was left empty: not given
    # FormData calls a Blob "blob", also one made of text. A text file with a name is a file.
    return filename in ("", "blob") and labelled_text

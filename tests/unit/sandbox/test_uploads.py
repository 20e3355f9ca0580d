from __future__ import annotations

import hashlib

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.sandbox.uploads import (
    MAX_BYTES,
    VALID_SECONDS,
    Receiver,
    Slot,
    StorageError,
    Uploads,
    extension,
)
from unit.sandbox.harness import Clock

FILE = bytes(range(256)) * 4


def form(fields: dict[str, str], file: bytes | None = FILE) -> tuple[str, bytes]:
    """Content type and body, as httpx makes them."""
    files = {} if file is None else {"file": ("a.png", file, "image/png")}
    # A part with a name of its own makes it multipart when there is no file.
    parts = {name: (None, value) for name, value in fields.items()}
    request = httpx.Request("POST", "http://x", files={**parts, **files})
    return request.headers["content-type"], request.read()


def send(uploads: Uploads, fields: dict[str, str], file: bytes | None = FILE) -> None:
    content_type, body = form(fields, file)
    receiver = Receiver(uploads, content_type)
    receiver.feed(body)
    receiver.finish()


def refusal(uploads: Uploads, fields: dict[str, str], file: bytes | None = FILE) -> StorageError:
    with pytest.raises(StorageError) as caught:
        send(uploads, fields, file)
    return caught.value


def test_a_file_fills_its_slot() -> None:
    uploads = Uploads(Clock())
    slot = uploads.open("org", "a.png")
    assert uploads.problem(slot.uri, "image", "org") == (
        "Invalid Runway URI. Its file has not been uploaded."
    )
    send(uploads, slot.fields)
    assert (slot.size, slot.sha256) == (len(FILE), hashlib.sha256(FILE).hexdigest())
    assert uploads.problem(slot.uri, "image", "org") is None


def test_a_uri_is_good_for_its_organisation_its_kind_and_a_day() -> None:
    clock = Clock()
    uploads = Uploads(clock)
    slot = uploads.open("org", "a.PNG")
    send(uploads, slot.fields)
    nobodys = "Invalid Runway URI. No upload of your organization has it."
    assert uploads.problem(slot.uri, "image", "other") == nobodys
    assert uploads.problem("runway://x", "image", "org") == nobodys
    wrong = uploads.problem(slot.uri, "video", "org")
    assert wrong == "Invalid asset. Expected video, received image."
    clock.now += VALID_SECONDS
    assert uploads.problem(slot.uri, "image", "org") is None
    clock.now += 1
    assert uploads.problem(slot.uri, "image", "org") == "Invalid Runway URI. It has expired."
    assert refusal(uploads, slot.fields).code == "AccessDenied"


def test_an_ogg_is_a_video_or_an_audio() -> None:
    uploads = Uploads(Clock())
    slot = uploads.open("org", "a.ogg")
    send(uploads, slot.fields)
    assert uploads.problem(slot.uri, "audio", "org") is None
    assert uploads.problem(slot.uri, "video", "org") is None
    assert uploads.problem(slot.uri, "image", "org") is not None


def test_every_field_has_to_come_back_as_it_was() -> None:
    uploads = Uploads(Clock())
    slot = uploads.open("org", "a.png")
    for name in slot.fields:
        rest = {key: value for key, value in slot.fields.items() if key != name}
        assert refusal(uploads, rest).status == 403
        assert refusal(uploads, slot.fields | {name: "x"}).status == 403
    extra = refusal(uploads, slot.fields | {"sparkle": "1"})
    assert (extra.status, extra.code) == (403, "AccessDenied")
    assert "sparkle" in extra.message
    assert slot.size is None
    # The SDK adds this one when asked to.
    send(uploads, slot.fields | {"metadata": "x"})
    assert slot.size == len(FILE)


Part = tuple[str, tuple[str | None, bytes | str]]


def test_the_file_is_the_last_part() -> None:
    uploads = Uploads(Clock())
    slot = uploads.open("org", "a.png")
    file: Part = ("file", ("a.png", FILE))
    fields: list[Part] = [(name, (None, value)) for name, value in slot.fields.items()]
    for parts, reason in (
        ([file, *fields], "Policy expired"),
        ([*fields, file, ("more", (None, "x"))], "after the file"),
        ([*fields, file, file], "after the file"),
    ):
        request = httpx.Request("POST", "http://x", files=parts)
        receiver = Receiver(uploads, request.headers["content-type"])
        with pytest.raises(StorageError, match=reason):
            receiver.feed(request.read())


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"x" * 511, "EntityTooSmall"),
        (b"", "EntityTooSmall"),
        (None, "IncorrectNumberOfFilesInPostRequest"),
    ],
)
def test_a_form_without_a_file_or_with_a_short_one_is_refused(file: bytes | None, code: str) -> None:
    uploads = Uploads(Clock())
    slot = uploads.open("org", "a.png")
    assert refusal(uploads, slot.fields, file).code == code
    assert slot.size is None


def test_sizes_are_counted_piece_by_piece() -> None:
    uploads = Uploads(Clock())
    slot = uploads.open("org", "a.mp4")
    content_type, body = form(slot.fields, b"")
    at = body.rindex(b"\r\n--")
    receiver = Receiver(uploads, content_type)
    receiver.feed(body[:at])
    piece = bytes(8 << 20)
    for _ in range(MAX_BYTES // len(piece)):
        receiver.feed(piece)
    assert receiver.size == MAX_BYTES
    with pytest.raises(StorageError) as caught:
        receiver.feed(b"x")
    assert caught.value.code == "EntityTooLarge"


def test_long_fields_are_refused() -> None:
    uploads = Uploads(Clock())
    slot = uploads.open("org", "a.png")
    refused = refusal(uploads, {"metadata": "x" * 30_000} | slot.fields)
    assert refused.code == "MaxPostPreDataLengthExceeded"


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "multipart/form-data", "multipart/mixed; boundary=a"]
)
def test_an_upload_that_is_no_form_is_refused(content_type: str) -> None:
    with pytest.raises(StorageError) as caught:
        Receiver(Uploads(Clock()), content_type)
    assert caught.value.status == 412


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_form_comes_in_any_pieces_and_half_of_it_is_no_upload(data: st.DataObject) -> None:
    uploads = Uploads(Clock())
    slot = uploads.open("org", "a.png")
    content_type, body = form(slot.fields)
    cuts = sorted(data.draw(st.lists(st.integers(1, len(body) - 1), max_size=5)))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True) if a < b]

    # The last line break may be missing, the boundary before it may not.
    end = data.draw(st.integers(0, len(body) - 4))
    broken = Receiver(uploads, content_type)
    with pytest.raises(StorageError):
        feed_all(broken, [body[:end]])
    assert slot.size is None

    receiver = Receiver(uploads, content_type)
    assert feed_all(receiver, pieces) is slot
    assert slot.sha256 == hashlib.sha256(FILE).hexdigest()


def feed_all(receiver: Receiver, pieces: list[bytes]) -> Slot:
    for piece in pieces:
        receiver.feed(piece)
    return receiver.finish()


def test_the_oldest_upload_slots_are_removed() -> None:
    uploads = Uploads(Clock())
    first = uploads.open("org", "a.png")
    for _ in range(10_000):
        last = uploads.open("org", "a.png")
    assert uploads.by_key(first.fields["key"]) is None
    assert uploads.by_key(last.fields["key"]) is last


@pytest.mark.parametrize(
    ("filename", "found"), [("a.PNG", "png"), ("a.b.mp4", "mp4"), ("png", ""), ("a.", "")]
)
def test_the_extension_of_a_file_name(filename: str, found: str) -> None:
    assert extension(filename) == found

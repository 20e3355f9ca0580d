from __future__ import annotations

import re
from mmap import mmap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError
from runway_videos.media import INLINE_LENGTH, UPLOAD_SIZE, Media, data_uri, from_text, from_upload
from runway_videos.media.sniffing import ACCEPTED
from runway_videos.request_body import Upload

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)
MP4 = b"\0\0\0\x18ftypmp42" + bytes(12)
MP3 = b"ID3\x04" + bytes(20)
RAW = "application/octet-stream"


def refusal(call: object, *arguments: object) -> ApiError:
    assert callable(call)
    with pytest.raises(ApiError) as caught:
        call(*arguments)
    assert caught.value.status == 400
    assert caught.value.param == "input_reference"
    caught.value.message.encode()
    return caught.value


def test_the_bytes_count_not_the_label() -> None:
    view = memoryview(b"..." + JPEG)[3:]
    media = from_upload(Upload(view, "cat.png", "image/png"), "image", "input_reference")
    assert (media.kind, media.mime, media.filename) == ("image", "image/jpeg", "cat.jpg")
    assert media.data is view


@pytest.mark.parametrize(
    ("data", "kind", "says"),
    [
        (
            b"GIF89a" + bytes(20),
            "image",
            "is image/gif. Runway takes a picture as image/jpeg, image/png, image/webp.",
        ),
        (MP4, "image", "is video/mp4. Runway takes a picture"),
        (PNG, "video", "is image/png. Runway takes a video as video/mp4, video/quicktime, video/webm"),
        (PNG, "audio", "Runway takes a sound as audio/mpeg, audio/wav"),
        (b"<html>404</html>", "image", "is text/html"),
        (b"nonsense", "image", "is of no known type, going by its first bytes. Runway takes a picture as"),
        (b"", "image", "is empty"),
    ],
)
def test_files_that_runway_would_refuse(data: bytes, kind: str, says: str) -> None:
    error = refusal(from_upload, Upload(data, "a.png", "image/png"), kind, "input_reference")
    assert says in error.message
    uri = data_uri(Media(kind, "image/png", data, "a.png"))
    assert says in refusal(from_text, uri, kind, "input_reference").message


def test_a_file_beyond_the_upload_limit() -> None:
    with mmap(-1, UPLOAD_SIZE + 1) as large, memoryview(large) as view:  # pages of zeros take no memory
        large[: len(PNG)] = PNG
        error = refusal(from_upload, Upload(view, "", ""), "image", "input_reference")
        with view[:-1] as fits:
            assert from_upload(Upload(fits, "", ""), "image", "input_reference").mime == "image/png"
    assert "has 209,715,201 bytes; Runway takes up to 209,715,200." in error.message


def test_what_fits_inline() -> None:
    largest = (INLINE_LENGTH - len("data:image/png;base64,")) // 4 * 3
    fits = Media("image", "image/png", PNG + bytes(largest - len(PNG)), "a.png")
    assert fits.fits_inline
    assert fits.encoded_length == len(data_uri(fits)) <= INLINE_LENGTH
    assert not Media("image", "image/png", bytes(largest + 1), "a.png").fits_inline


@pytest.mark.parametrize(
    ("given_name", "data", "kind", "filename"),
    [
        ("upload", PNG, "image", "upload.png"),
        ("", PNG, "image", "image.png"),
        ("cat.JPEG", JPEG, "image", "cat.jpeg"),
        ("cat.png", JPEG, "image", "cat.jpg"),
        ("naïve café.png", PNG, "image", "naive_cafe.png"),
        ("夜.png", PNG, "image", "image.png"),
        (".png", PNG, "image", "png.png"),
        ('a"b\r\nX: y;/..\\.png', PNG, "image", "a_b_X_y.png"),
        ("a.tar.mp4", MP4, "video", "a_tar.mp4"),
        ("x" * 400, MP3, "audio", "x" * 100 + ".mp3"),
        ("-rf.mov", MP4, "video", "rf.mp4"),
    ],
)
def test_file_names_for_the_upload(given_name: str, data: bytes, kind: str, filename: str) -> None:
    assert from_upload(Upload(data, given_name, RAW), kind, "p").filename == filename


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_file_name_becomes_a_safe_one(name: str) -> None:
    filename = from_upload(Upload(PNG, name, RAW), "image", "p").filename
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,100}\.png", filename)


def test_urls_are_returned_checked() -> None:
    url = "https://example.com/a.png"
    assert from_text(url, "image", "p") == from_text(f" {url}\n", "image", "p") == url
    assert from_text("runway://abcdef", "video", "p") == "runway://abcdef"


def test_a_data_uri_is_decoded_and_told_from_its_bytes() -> None:
    media = from_text("data:image/gif;base64," + data_uri_body(PNG), "image", "p")
    assert isinstance(media, Media)
    assert (media.mime, media.filename, media.data) == ("image/png", "image.png", PNG)
    assert data_uri(media) == "data:image/png;base64," + data_uri_body(PNG)


def data_uri_body(data: bytes) -> str:
    return data_uri(Media("image", "", data, "")).partition(",")[2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("http://example.com/a.png", "Runway fetches https only"),
        ("HTTP://example.com/a.png", "Runway fetches https only"),
        ("ftp://example.com/a.png", "begins with ftp:"),
        ("file:///home/ada/a.png", "begins with file:"),
        ("gs://bucket/a.png", "begins with gs:"),
        ("blob:https://example.com/1", "begins with blob:"),
        ("C:\\a.png", "begins with c:"),
        ("./a.png", "is no URL"),
        ("example.com/a.png", "is no URL"),
        ("//example.com/a.png", "is no URL"),
        ("file_abc123", "is no URL"),
        (data_uri_body(PNG * 10), "looks like base64"),
        ("https://127.0.0.1/a.png", "IP address"),
        ("https:/example.com/a.png", "needs two slashes"),
        ("data:image/png;base64,!", "damaged"),
    ],
)
def test_texts_that_are_no_reference(text: str, says: str) -> None:
    error = refusal(from_text, text, "image", "input_reference")
    assert says in error.message


def test_the_refusal_says_what_would_do() -> None:
    message = refusal(from_text, "cat", "video", "input_reference").message
    assert "Send a video as an https URL, a data URI (data:video/mp4;base64,…)" in message


def test_nothing_large_is_in_a_repr() -> None:
    upload = Upload(PNG * 1_000, "a.png", "image/png")
    assert len(repr(upload)) < 100
    assert len(repr(from_upload(upload, "image", "p"))) < 100


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["", "https://", "runway://", "data:", "data:;base64,", "data:,", "http://[", "//"]),
    st.text(max_size=60),
    st.sampled_from(sorted(ACCEPTED)),
)
def test_any_text_is_taken_or_refused(start: str, rest: str, kind: str) -> None:
    try:
        taken = from_text(start + rest, kind, "p")
    except ApiError as error:
        taken = error.message
    if isinstance(taken, str):
        taken.encode()

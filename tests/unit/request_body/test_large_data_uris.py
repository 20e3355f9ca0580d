"""Large data URIs in JSON: files like any other, whose text is never a string."""

from __future__ import annotations

import base64
import json
import tracemalloc
from typing import Any

import pytest

from runway_videos.errors import ApiError
from runway_videos.media.data_uris import decode
from runway_videos.request_body import Upload, read_fields
from runway_videos.request_body.large_data_uris import LARGE, decode_base64, take_out

FILE = bytes(range(256)) * 16_384  # 4 MiB, 5.6 million characters
OTHER = b"\x89PNG" + FILE
ENCODED = base64.b64encode(FILE).decode()
URI = f"data:image/png;base64,{ENCODED}"
assert len(ENCODED) > LARGE


def read(body: object) -> dict[str, Any]:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return dict(read_fields("application/json", text).values)


def test_it_is_a_file_wherever_it_stands() -> None:
    other = f"data:video/mp4;codecs=avc1;base64,{base64.b64encode(OTHER).decode()}"
    found = read({"prompt": "a boat", "a": URI, "b": {"c": [{"image_url": other}, URI]}, "seed": 3})
    first, second, third = found["a"], found["b"]["c"][0]["image_url"], found["b"]["c"][1]
    assert (found["prompt"], found["seed"]) == ("a boat", 3)
    for upload, data, label in (
        (first, FILE, "image/png"),
        (second, OTHER, "video/mp4"),
        (third, FILE, "image/png"),
    ):
        assert isinstance(upload, Upload)
        assert bytes(upload.data) == data
        assert (upload.label, upload.filename) == (label, "")


@pytest.mark.parametrize(
    "text",
    [
        "data:image/png;base64,AAAA",  # small
        ENCODED,  # no data URI
        f"see {URI}",  # not at the beginning
        f'a quotation: "{URI}"',  # inside of a string, behind a backslash
        f"data:image/png,{ENCODED}",  # not called base64
        f"data:image/png;base64,{ENCODED}=",  # damaged
        f"data:image/png;base64,{ENCODED[:-4]}\n{ENCODED[-4:]}",  # a line break, as an escape
        f"data:image/png;base64,{ENCODED.replace('+', '-')}",  # the URL-safe alphabet
    ],
)
def test_everything_else_stays_a_text(text: str) -> None:
    assert read({"a": text, "b": 1}) == {"a": text, "b": 1}


def test_mistakes_are_told_at_their_own_place() -> None:
    text = f'{{"a": "{URI}",\n "b": x}}'
    with pytest.raises(ApiError) as caught:
        read(text.encode())
    assert "line 2, column 7" in caught.value.message


def test_a_text_that_ends_within_it_ends_too_early() -> None:
    with pytest.raises(ApiError) as caught:
        read(f'{{"a": "{URI}'.encode())
    assert "ends too early" in caught.value.message


def test_the_decoded_bytes_are_the_only_copy() -> None:
    body = json.dumps({"prompt": "a boat", "input_reference": {"image_url": URI}}).encode()
    tracemalloc.start()
    try:
        rest, files = take_out(body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(rest) < 200
    (upload,) = files.values()
    assert len(upload.data) == len(FILE)
    # The buffer grows by an eighth in advance; a piece is decoded at a time.
    assert peak < len(FILE) * 9 / 8 + (3 << 20)


def test_both_ways_read_the_same_bytes() -> None:
    (upload,) = take_out(json.dumps([URI]).encode())[1].values()
    assert upload.data == decode(URI, "input_reference") == FILE


@pytest.mark.parametrize("text", ["QUJD=", "QUJD====", "QUJ", "QU=D", "QUI=QUJD" * 200_000, "QU JD", "é"])
def test_what_is_no_strict_base64(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_base64(text)


def test_padding_is_for_the_end_of_all_pieces() -> None:
    piece = "QUJD" * ((1 << 20) // 4 - 1) + "QUI="
    with pytest.raises(ValueError, match="padding"):
        decode_base64(piece + "QUJD")
    assert bytes(decode_base64(piece)) == base64.b64decode(piece)

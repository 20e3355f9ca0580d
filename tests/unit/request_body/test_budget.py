"""One budget for a body: many parts hold together no more than one."""

from __future__ import annotations

import base64
import json
import tracemalloc
from urllib.parse import quote_from_bytes

import pytest

from runway_videos.errors import ApiError
from runway_videos.request_body import Upload, read_fields
from runway_videos.request_body.limits import ESCAPES, TEXT, VALUES

TYPE = "multipart/form-data; boundary=x"
FILE = bytes(range(251)) * 4_000
URI = b"data:image/png;base64," + base64.b64encode(FILE)


def form(*parts: tuple[str, bytes]) -> bytes:
    text = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), data)
        for name, data in parts
    )
    return text + b"--x--\r\n"


def refused(content_type: str, body: bytes) -> tuple[ApiError, int]:
    """The refusal and the peak of memory that it took, in bytes."""
    tracemalloc.start()
    try:
        with pytest.raises(ApiError) as caught:
            read_fields(content_type, body)
        return caught.value, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_all_json_texts_of_a_form_hold_as_many_values_as_one() -> None:
    text = b"[" + b"[]," * (VALUES // 10) + b"1]"
    error, peak = refused(TYPE, form(*((f"a{n}", text) for n in range(600))))
    assert str(VALUES) in error.message
    assert (error.status, error.param) == (400, "a4")
    assert peak < 4 * 600 * len(text)


def test_all_fields_of_a_form_have_as_many_percent_signs_as_one() -> None:
    body = b"&".join(b"a%d=%s" % (n, b"%41" * (ESCAPES // 4)) for n in range(6))
    error, _ = refused("application/x-www-form-urlencoded", body)
    assert "percent signs" in error.message
    assert error.param == "a4"


def test_all_texts_together_are_bounded() -> None:
    body = form(*((f"a{n}", b"x" * (TEXT // 4)) for n in range(6)))
    error, peak = refused(TYPE, body)
    assert f"{TEXT:,}" in error.message
    assert error.param == "a4"
    assert peak < 3 * len(body)


@pytest.mark.parametrize("wide", ["😀", "\\ud83d\\ude00"], ids=["bytes", "escapes"])
def test_a_string_that_one_character_would_widen_is_bounded(wide: str) -> None:
    body = b'{"prompt": "%s%s"}' % (b"a" * TEXT, wide.encode())
    error, peak = refused("application/json", body)
    assert f"{TEXT:,}" in error.message
    assert peak < 1 << 20


def test_a_body_full_of_beginnings_of_data_uris_is_refused_at_once() -> None:
    error, peak = refused("application/json", b'{"a": ' + b'"data:' * 1_000_000)
    assert str(VALUES) in error.message
    assert peak < 100_000


@pytest.mark.parametrize("slash", [b"\\/", b"\\u002F", b"\\u002f"])
def test_a_large_file_may_be_written_with_escapes(slash: bytes) -> None:
    escaped = URI.replace(b"/", slash).replace(b"+", b"\\u002B").replace(b"=", b"\\u003D")
    found = read_fields("application/json", b'{"a": "%s"}' % escaped).values["a"]
    assert isinstance(found, Upload)
    assert (found.label, bytes(found.data)) == ("image/png", FILE)


@pytest.mark.parametrize("shift", range(8))
def test_an_escape_across_two_pieces_is_whole(shift: int) -> None:
    file = bytes(shift) + b"\xff" * (1 << 20)  # slashes alone
    text = b'{"a": "data:image/png;base64,%s"}' % base64.b64encode(file).replace(b"/", b"\\/")
    found = read_fields("application/json", text).values["a"]
    assert isinstance(found, Upload)
    assert bytes(found.data) == file


def test_texts_of_a_form_that_are_files_count_as_files() -> None:
    many = 2 * TEXT // len(URI)
    fields = read_fields(TYPE, form(*((f"a{n}", URI) for n in range(many)))).values
    assert len(fields) == many
    for upload in fields.values():
        assert isinstance(upload, Upload)
        assert bytes(upload.data) == FILE


def test_files_in_json_of_a_form_count_as_files() -> None:
    rows = [{"uri": URI.decode(), "tag": "ä😀"}] * 20
    (found,) = read_fields(TYPE, form(("references", json.dumps(rows).encode()))).values.values()
    assert isinstance(found, list)
    for row in found:
        assert isinstance(row, dict)
        assert isinstance(row["uri"], Upload)
        assert row["tag"] == "ä😀"


def test_a_long_prompt_that_looks_like_json_stays_as_it_is() -> None:
    text = b'["data:image/png;base64,%s"]' % base64.b64encode(FILE)
    assert read_fields(TYPE, form(("prompt", text))).values == {"prompt": text.decode()}


def test_a_large_urlencoded_file() -> None:
    body = b"a=" + quote_from_bytes(URI, safe="").encode() + b"&b=x+y"
    fields = read_fields("application/x-www-form-urlencoded", body).values
    assert isinstance(fields["a"], Upload)
    assert bytes(fields["a"].data) == FILE
    assert fields["b"] == "x y"

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError
from runway_videos.request_body import Upload, read_fields
from runway_videos.request_body.budget import Budget
from runway_videos.request_body.form_body import read_multipart
from runway_videos.request_body.limits import BOUNDARY as BOUNDARY_LIMIT
from runway_videos.request_body.limits import HEADER_LINE, PART_HEADERS, PARTS
from unit.request_body.forms import BOUNDARY, field, form, part

PARAMETERS = {"boundary": BOUNDARY}
FILE = '; filename="a.png"'


def entries(body: bytes) -> list[tuple[str, object]]:
    return [
        (name, (bytes(leaf.data), leaf.filename, leaf.label) if isinstance(leaf, Upload) else leaf)
        for name, leaf in read_multipart(body, PARAMETERS, Budget())
    ]


def refused(body: bytes, parameters: dict[str, str] = PARAMETERS) -> ApiError:
    with pytest.raises(ApiError) as caught:
        read_multipart(body, parameters, Budget())
    assert caught.value.status == 400
    return caught.value


def test_files_are_slices_of_the_body() -> None:
    body = form(field("a", b"\r\n--xY\0", FILE), field("b", b"12", FILE))
    for _, leaf in read_multipart(body, PARAMETERS, Budget()):
        assert isinstance(leaf, Upload)
        assert isinstance(leaf.data, memoryview)
        assert leaf.data.obj is body


@pytest.mark.parametrize("filler", [bytes(65_536), b"\r\n--xY\r\n--xYz"[:-1] * 5_000])
def test_a_large_file_is_not_copied(filler: bytes) -> None:
    data = filler * (20_000_000 // len(filler))
    body = form(field("prompt", "go"), field("video", data, FILE), field("model", "m"))
    tracemalloc.start()
    try:
        fields = read_fields(f"multipart/form-data; boundary={BOUNDARY}", body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    video = fields.values["video"]
    assert isinstance(video, Upload)
    assert isinstance(video.data, memoryview)
    assert video.data.obj is body
    assert video.data == data
    assert (fields.values["prompt"], fields.values["model"]) == ("go", "m")
    assert peak < 1_000_000


# Around the size of the pieces that the parser is fed, a boundary falls on every offset of a cut.
def test_parts_are_found_wherever_the_pieces_are_cut() -> None:
    for size in (*range(65_536 - 140, 65_536 - 20), 0, 1, 131_072):
        data = b"\r" * size
        body = form(field("a", data, FILE), field("b", "x"))
        assert entries(body) == [("a", (data, "a.png", "")), ("b", "x")], size


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.binary(max_size=30)
        | st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"--", b"xY", b"\r\n--xY"])).map(b"".join),
        max_size=5,
    )
)
def test_any_file_round_trips(files: list[bytes]) -> None:
    files = [data for data in files if b"\r\n--xYz" not in b"\r\n" + data + b"\r\n"]
    body = form(*(field(f"f{i}", data, FILE) for i, data in enumerate(files)))
    assert entries(body) == [(f"f{i}", (data, "a.png", "")) for i, data in enumerate(files)]


def test_a_leading_line_break_an_epilogue_and_no_parts_at_all() -> None:
    assert entries(b"\r\n" + form(field("a", "x")) + b"more\r\n--xYz") == [("a", "x")]
    assert entries(form()) == []


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('; filename="upload"', "upload"),
        ('; filename="/home/ada/My Pictures/cat.png"', "cat.png"),
        ('; filename="C:\\fakepath\\cat.png"', "cat.png"),
        ('; filename="C:\\\\fakepath\\\\cat.png"', "cat.png"),
        ('; filename="a/b\\c.png"', "c.png"),
        ('; filename="/tmp/"', ""),
        ('; filename="né 夜.png"', "né 夜.png"),
        ('; filename="a %22b%22.png"', 'a "b".png'),
        ('; filename="a \\"b\\".png"', 'a "b".png'),
        ("; filename=bare.png", "bare.png"),
        ("; filename*=UTF-8''n%C3%A9.png", "né.png"),
        ("; filename*=utf-8'en'%2Fetc%2Fpasswd", "passwd"),
        ("; filename*=ISO-8859-1''n%E9.png", "né.png"),
        ("; filename=\"plain.png\"; filename*=UTF-8''n%C3%A9.png", "plain.png"),
    ],
)
def test_file_names(disposition: str, filename: str) -> None:
    assert entries(form(field("f", b"x", disposition))) == [("f", (b"x", filename, ""))]


@pytest.mark.parametrize(
    ("headers", "leaf"),
    [
        ("", "é"),
        ("\r\nContent-Type: text/plain; charset=UTF-8", "é"),
        ("\r\nContent-Type: application/json", "é"),
        ('; filename="blob"\r\nContent-Type: text/plain', "é"),
        ('; filename="blob"\r\nContent-Type: application/json', "é"),
        ("\r\nContent-Type: image/png", ("é".encode(), "", "image/png")),
        ('; filename=""\r\nContent-Type: image/png', ("é".encode(), "", "image/png")),
        ('; filename="n.txt"\r\nContent-Type: text/plain', ("é".encode(), "n.txt", "text/plain")),
        ("\r\nContent-Transfer-Encoding: Binary", "é"),
        ("\r\nContent-Length: 2", "é"),
    ],
)
def test_texts_and_files(headers: str, leaf: object) -> None:
    assert entries(form(field("f", "é", headers))) == [("f", leaf)]


def test_a_file_input_left_empty_is_an_empty_text() -> None:
    empty = '; filename=""\r\nContent-Type: application/octet-stream'
    assert entries(form(field("f", b"", empty))) == [("f", "")]
    assert entries(form(field("f", b"", FILE))) == [("f", (b"", "a.png", ""))]


def test_texts_in_other_charsets() -> None:
    latin = "\r\nContent-Type: text/plain; charset=ISO-8859-1"
    assert entries(form(field("prompt", b"caf\xe9", latin))) == [("prompt", "café")]
    error = refused(form(field("prompt", b"caf\xe9")))
    assert error.param == "prompt"
    assert "byte 3 (0xe9) is not UTF-8" in error.message
    odd = "\r\nContent-Type: text/plain; charset=koi8-r"
    assert "send UTF-8" in refused(form(field("prompt", b"x", odd))).message


GOOD = form(field("a", "x"))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"--other\r\n\r\n", "does not begin with '--xYz'"),
        (b'{"prompt": "x"}', "does not begin with '--xYz'"),
        (b"preamble\r\n" + GOOD, "does not begin with '--xYz'"),
        (GOOD.replace(b"\r\n", b"\n"), "Invalid line break after first boundary"),
        (GOOD.replace(b"xYz\r\n", b"xYz \r\n", 1), "Unexpected byte after first boundary"),
        (GOOD.replace(b"--xYz--", b"--xYz-!"), "multipart body"),
        (GOOD.replace(b"--xYz--", b""), "ends before its closing boundary"),
        (part("X-Thing: 1", b"x") + GOOD, "Missing Content-Disposition"),
        (part("Content-Disposition: attachment; name=a", b"x") + GOOD, "Wrong type"),
        (part("Content-Disposition: form-data", b"x") + GOOD, "has no name"),
        (field("", "x") + GOOD, "has no name"),
        (field("a", "x", "\r\nContent-Transfer-Encoding: base64") + GOOD, "as they are"),
        (field("a", "x", "\r\nContent-Length: 9") + GOOD, "does not match Content-Length"),
        (field("a", "x", "\r\nbroken header") + GOOD, "Malformed segment header"),
        (part('Content-Disposition: form-data; name="a"', b"").replace(b'"a"', b'"\xff"'), "decode"),
    ],
)
def test_broken_bodies(body: bytes, says: str) -> None:
    assert says in refused(body).message


@pytest.mark.parametrize("boundary", ["", "x" * (BOUNDARY_LIMIT + 1), "a\nb", "\x00", "é", "\udcff"])
def test_bad_boundaries(boundary: str) -> None:
    assert "boundary" in refused(GOOD, {"boundary": boundary}).message


def test_boundaries_in_the_content_type() -> None:
    def read(parameters: str) -> dict[str, object]:
        return dict(read_fields(f"multipart/form-data{parameters}", GOOD).values)

    assert read('; boundary="xYz"') == read(";charset=utf-8;BOUNDARY=xYz") == {"a": "x"}
    for parameters in ("", "; boundary=", "; boundary=xYz; boundary=xYz", "; boundary=xYz; boundary=b"):
        with pytest.raises(ApiError) as caught:
            read(parameters)
        assert caught.value.status == 400
        assert "boundary" in caught.value.message


def peak_of(body: bytes) -> tuple[ApiError, int]:
    tracemalloc.start()
    try:
        return refused(body), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("close", [b"", b"--xYz--\r\n"])
def test_ten_thousand_parts_are_refused_at_the_limit(close: bytes) -> None:
    error, peak = peak_of(field("a", "x") * 10_000 + close)
    assert f"{PARTS} parts" in error.message
    assert peak < 2_000_000
    assert len(entries(form(*[field("a", "x")] * PARTS))) == PARTS


@pytest.mark.parametrize(
    "headers",
    [
        b"A" * 5_000_000,
        b"A: " + b" " * 5_000_000,
        b"A: b\r\n" * 1_000_000,
        b"A: b\r\n" + b" c\r\n" * 1_000_000,
        b'Content-Disposition: form-data; name="' + b"a" * 5_000_000,
        b"\n" * 5_000_000,
        b"\r" * 5_000_000,
    ],
    ids=["name", "value", "lines", "continuations", "field name", "line feeds", "returns"],
)
def test_headers_without_end_are_refused_unread(headers: bytes) -> None:
    _, peak = peak_of(b"--xYz\r\n" + headers)
    assert peak < 1_000_000


def test_header_limits_are_named() -> None:
    many = "\r\nX: y" * PART_HEADERS
    assert entries(form(field("a", "x", many[6:]))) == [("a", "x")]
    assert f"{PART_HEADERS} header lines" in refused(form(field("a", "x", many))).message
    long = "\r\nX: " + "y" * HEADER_LINE
    assert f"{HEADER_LINE} bytes" in refused(form(field("a", "x", long))).message

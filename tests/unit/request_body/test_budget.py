"""What a body may cost is counted over all its texts, however many it spreads them over."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from runway_videos.errors import ApiError
from runway_videos.request_body import Upload, read_fields
from runway_videos.request_body.limits import ESCAPES, MARKS, NAMES, WIDE
from unit.request_body.forms import TYPE, texts

URLENCODED = "application/x-www-form-urlencoded"


def refused(content_type: str, body: bytes) -> tuple[ApiError, int]:
    """The refusal and the most bytes that reading took beyond the body."""
    tracemalloc.start()
    try:
        with pytest.raises(ApiError) as caught:
            read_fields(content_type, body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.status == 400
    return caught.value, peak


def test_many_texts_of_small_values_make_few_of_them() -> None:
    array = "[" + "[]," * 33_000 + "0]"
    body = texts((f"f{n}", array) for n in range(600))
    error, peak = refused(TYPE, body)
    assert str(MARKS) in error.message
    assert error.param == "f1"
    assert peak < 2 * len(body)


@pytest.mark.parametrize("fields", [2, 20])
def test_marks_are_those_of_all_texts(fields: int) -> None:
    array = "[" + "0," * (MARKS // fields) + "0]"
    urlencoded = "&".join(f"f{n}={array}" for n in range(fields)).encode()
    for content_type, body in (
        (TYPE, texts((f"f{n}", array) for n in range(fields))),
        (TYPE, texts(("f[]", array) for _ in range(fields))),
        (URLENCODED, urlencoded),
    ):
        assert str(MARKS) in refused(content_type, body)[0].message
    assert len(read_fields(TYPE, texts((f"f{n}", array) for n in range(fields - 1))).values) == fields - 1


def test_prose_costs_nothing() -> None:
    commas = "[" + "," * MARKS
    body = texts([("prompt", commas), ("negative_prompt", commas), ("user", f"a{commas}")])
    assert read_fields(TYPE, body).values["prompt"] == commas


def test_percent_signs_are_those_of_all_fields() -> None:
    half = b"%41" * (ESCAPES // 2)
    assert read_fields(URLENCODED, b"a=" + half + b"&b=" + half)
    error, peak = refused(URLENCODED, b"a=" + half + b"&b=" + half + b"&c=%41")
    assert f"{ESCAPES:,}" in error.message
    assert peak < 100_000


def test_names_have_an_end_together() -> None:
    def body(fields: int) -> bytes:
        return texts((f"a{n:03}" + "[bbbbbb]" * 31, "x") for n in range(fields))

    fits = NAMES // (4 + 8 * 31)
    assert len(read_fields(TYPE, body(fits)).values) == fits
    assert f"{NAMES:,}" in refused(TYPE, body(fits + 1))[0].message


WIDE_TEXT = "\N{FOX FACE}" + "a" * (WIDE // 2)


@pytest.mark.parametrize("ascii_only", [True, False])
def test_wide_strings_have_an_end_together(ascii_only: bool) -> None:
    body = json.dumps({"a": WIDE_TEXT, "b": WIDE_TEXT}, ensure_ascii=ascii_only).encode()
    error, peak = refused("application/json", body)
    assert "not ASCII" in error.message
    assert peak < 1_000_000
    form = texts([("a", WIDE_TEXT), ("b", WIDE_TEXT)])
    error, peak = refused(TYPE, form)
    assert (error.param, "not ASCII" in error.message) == ("b", True)
    assert peak < 3 * len(form)


def test_data_uris_beside_an_emoji_are_files() -> None:
    uri = "data:image/png;base64," + "A" * 4_000_000
    body = json.dumps({"prompt": "\N{FOX FACE}", "references": [uri] * 8}).encode()
    tracemalloc.start()
    try:
        values = read_fields("application/json", body).values
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert values["prompt"] == "\N{FOX FACE}"
    assert isinstance(values["references"], list)
    assert all(isinstance(one, Upload) and len(one.data) == 3_000_000 for one in values["references"])
    assert peak < 1.1 * len(body)
    assert read_fields("application/json", json.dumps({"references": [uri] * 8}).encode()).values == {
        "references": [uri] * 8
    }

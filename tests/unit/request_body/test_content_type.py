from __future__ import annotations

import pytest

from runway_videos.errors import ApiError
from runway_videos.request_body.content_type import extended_filename, last_component, media_type, text_of


@pytest.mark.parametrize(
    ("header", "kind", "parameters"),
    [
        ("", "", {}),
        ("application/json", "application/json", {}),
        (" Text/HTML ; Charset=UTF-8", "text/html", {"charset": "UTF-8"}),
        ('a/b; x="1;2 \\" y=3"; z=', "a/b", {"x": '1;2 " y=3', "z": ""}),
        ("a/b; boundary=a=b", "a/b", {"boundary": "a=b"}),
        ("a/b; nonsense; x=1", "a/b", {"x": "1"}),
    ],
)
def test_media_type(header: str, kind: str, parameters: dict[str, str]) -> None:
    assert media_type(header) == (kind, parameters)


@pytest.mark.parametrize("header", ["a/b; x=1; X=2", "a/b; x=1; x=1", "a/b;" + "x" * 2_000])
def test_media_type_refusals(header: str) -> None:
    with pytest.raises(ApiError) as caught:
        media_type(header)
    assert caught.value.status == 400


def test_text_of() -> None:
    assert text_of("é".encode(), "", "It") == text_of(b"\xe9", "Latin1", "It") == "é"
    assert text_of(memoryview(b"\x80"), "windows-1252", "It") == "€"
    with pytest.raises(ApiError, match=r"It is not text: byte 1 \(0x81\) is not CP1252"):
        text_of(b"a\x81", "windows-1252", "It")


def test_extended_filename_is_not_found_inside_another_value() -> None:
    assert extended_filename("form-data; filename*=UTF-8''a%20b") == "a b"
    assert extended_filename("form-data; name=\"x; filename*=UTF-8''evil\"") is None
    assert extended_filename("form-data; filename*=nonsense") == ""
    assert extended_filename("form-data; filename*=UTF-8''%FF") == "�"


@pytest.mark.parametrize("path", ["a.png", "/x/a.png", "..\\a.png", "C:\\x/a.png", "//a.png"])
def test_last_component(path: str) -> None:
    assert last_component(path) == "a.png"

"""The body of a plain HTML form, and of `curl -d`."""

from __future__ import annotations

import pytest

from runway_videos.errors import ApiError
from runway_videos.request_body.budget import Budget
from runway_videos.request_body.form_body import read_urlencoded
from runway_videos.request_body.limits import PARTS


def test_urlencoded() -> None:
    body = b"prompt=a+%26+b&size=&content_moderation%5Bx%5D=%C3%A9&=&flag&a=b=c"
    assert read_urlencoded(body, Budget()) == [
        ("prompt", "a & b"),
        ("size", ""),
        ("content_moderation[x]", "é"),
        ("", ""),
        ("flag", ""),
        ("a", "b=c"),
    ]
    assert read_urlencoded(b"a=%E9", Budget(), "latin1") == [("a", "é")]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"prompt=%ff", "byte 0 (0xff) is not UTF-8"),
        (b"%ff=x", "name"),
        (b"a=b&" * (PARTS + 1), f"{PARTS} fields"),
        (b"a" * 10_000 + b"=x", "longer than"),
    ],
)
def test_urlencoded_refusals(body: bytes, says: str) -> None:
    with pytest.raises(ApiError) as caught:
        read_urlencoded(body, Budget())
    assert caught.value.status == 400
    assert says in caught.value.message

"""A picture's answer: whole, a part, unchanged; and the ETag that tells."""

from __future__ import annotations

import pytest

from runway_videos.errors import ApiError
from runway_videos.previews.pictures import Picture, answer

BODY = bytes(range(100))
PICTURE = Picture.of("thumbnail", BODY)
PRIVATE = {"cache-control": "private, no-store"}


def test_it_has_its_type_and_a_tag_of_its_bytes() -> None:
    found = answer(PICTURE, "GET", {}, PRIVATE)
    assert (found.status, found.body) == (200, BODY)
    assert found.headers == {
        "content-type": "image/webp",
        "etag": PICTURE.etag,
        "accept-ranges": "bytes",
        **PRIVATE,
    }
    assert answer(Picture.of("spritesheet", BODY), "GET", {}, {}).headers["content-type"] == "image/jpeg"
    assert Picture.of("thumbnail", BODY).etag == PICTURE.etag != Picture.of("thumbnail", BODY[1:]).etag


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=90-", 90, 100), ("bytes=-5", 95, 100)],
)
def test_a_range_is_a_part(header: str, start: int, stop: int) -> None:
    for more in ({}, {"if-range": PICTURE.etag}):
        found = answer(PICTURE, "GET", {"range": header, **more}, PRIVATE)
        assert (found.status, found.body) == (206, BODY[start:stop])
        assert found.headers["content-range"] == f"bytes {start}-{stop - 1}/100"
        assert found.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("method", "asked"),
    [
        ("GET", {"range": "bytes=x"}),
        ("GET", {"range": "bytes=0-1,4-5"}),
        ("GET", {"range": "bytes=0-0", "if-range": '"another"'}),
        ("GET", {"range": "bytes=0-0", "if-range": "Wed, 01 Oct 2025 00:00:00 GMT"}),
        ("HEAD", {"range": "bytes=0-0"}),
        ("HEAD", {"range": "bytes=200-"}),
        ("GET", {"if-none-match": '"another", W/"x"'}),
    ],
)
def test_otherwise_it_is_whole(method: str, asked: dict[str, str]) -> None:
    found = answer(PICTURE, method, asked, {})
    assert (found.status, found.body) == (200, BODY)


def test_a_range_behind_the_end_is_a_416_with_the_length() -> None:
    with pytest.raises(ApiError) as caught:
        answer(PICTURE, "GET", {"range": "bytes=100-"}, {})
    assert (caught.value.status, caught.value.code) == (416, "invalid_range")
    assert caught.value.headers == {"content-range": "bytes */100"}
    assert "thumbnail" in caught.value.message


@pytest.mark.parametrize("tags", ["{}", "W/{}", '"x", {}', "*", 'W/"a",W/{}'])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_version_that_the_client_has_is_not_sent_again(method: str, tags: str) -> None:
    asked = {"if-none-match": tags.format(PICTURE.etag), "range": "bytes=0-0"}
    found = answer(PICTURE, method, asked, PRIVATE)
    assert (found.status, found.body, found.headers["etag"]) == (304, b"", PICTURE.etag)

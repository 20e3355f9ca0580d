from __future__ import annotations

import tracemalloc
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pytest

from runway_videos.errors import ApiError
from runway_videos.request_body.budget import Budget
from runway_videos.request_body.limits import ESCAPES
from runway_videos.request_body.percent_encoding import unquote_large


@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("text", [b"%41", b"%", b"a%2", b"%%41", b"plain ", b"%zz"])
def test_slices_change_nothing(text: bytes, shift: int) -> None:
    data = b"x" * shift + text * 25_000
    assert unquote_large(data, Budget()) == unquote_to_bytes(data)


def test_round_trip_across_slices() -> None:
    data = bytes(range(256)) * 1_000
    assert unquote_large(quote_from_bytes(data).encode(), Budget()) == data


def test_percent_signs_alone_are_refused_before_they_swell() -> None:
    with pytest.raises(ApiError, match=r"send a file this large as multipart") as caught:
        unquote_large(b"%" * (ESCAPES + 1), Budget(), "a")
    assert (caught.value.status, caught.value.param) == (400, "a")


def test_memory_stays_near_the_size_of_the_text() -> None:
    data = b"%41" * 200_000
    tracemalloc.start()
    try:
        unquote_large(data, Budget())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 * len(data)

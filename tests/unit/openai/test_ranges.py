from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.openai.ranges import UnsatisfiableError, parse_range


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 20)),
        ("bytes=10-", (10, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("bytes=90-1000", (90, 100)),
        ("Bytes = 5 - 6", (5, 7)),
        ("bytes=0-" + "9" * 5000, (0, 100)),
        ("bytes=" + "0" * 5000 + "7-8", (7, 9)),
    ],
)
def test_a_single_range_of_bytes(header: str, found: tuple[int, int]) -> None:
    assert parse_range(header, 100) == found


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1,5-6", "items=0-5"),
        *("bytes=٣-٤", "bytes=--5", "bytes=1.0-2"),
    ],
)
def test_a_header_without_a_single_range_is_ignored(header: str) -> None:
    assert parse_range(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_outside_of_the_file_is_unsatisfiable(header: str) -> None:
    with pytest.raises(UnsatisfiableError):
        parse_range(header, 100)


numbers = st.integers(0, 200)


@settings(max_examples=200, deadline=None)
@given(numbers, numbers, st.integers(0, 150))
def test_a_range_gives_the_bytes_that_the_rfc_says(first: int, last: int, size: int) -> None:
    whole = range(size)
    wanted = [byte for byte in whole if first <= byte <= last]
    try:
        found = parse_range(f"bytes={first}-{last}", size)
    except UnsatisfiableError:
        assert first <= last
        assert not wanted
        return
    if found is None:
        assert last < first
    else:
        assert list(whole[slice(*found)]) == wanted


@settings(max_examples=120, deadline=None)
@given(
    st.text() | st.from_regex(r"\s*bytes\s*=\s*\d*\s*-\s*\d*\s*", fullmatch=True),
    st.integers(0, 10**12),
)
def test_any_range_header_gives_a_part_of_the_file_or_nothing(header: str, size: int) -> None:
    try:
        found = parse_range(header, size)
    except UnsatisfiableError:
        return
    if found is not None:
        assert 0 <= found[0] < found[1] <= size

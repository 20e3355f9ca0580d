"""What an answer of Runway's says beside its body."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_videos.upstream.replies import LONGEST_RETRY_AFTER, retry_after_of

DATE = "Wed, 25 Nov 2026 05:00:00 GMT"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0", 1),
        ("999999999999999999999", LONGEST_RETRY_AFTER),
        ("Wed, 25 Nov 2026 05:00:30 GMT", 30),
        ("Wed, 25 Nov 2026 04:00:00 GMT", 1),
        ("Fri, 27 Nov 2026 05:00:00 GMT", LONGEST_RETRY_AFTER),
        (None, None),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("²", None),
        ("Wed, 99 Nov 2026 05:00:30 GMT", None),
        ("Wed, 25 Nov 2026 05:00:30 -0000", None),  # no time zone
    ],
)
def test_seconds_and_dates(header: str | None, seconds: int | None) -> None:
    assert retry_after_of(header, DATE) == seconds


@pytest.mark.parametrize("date", [None, "", "today"])
def test_a_date_counts_from_the_answers_own(date: str | None) -> None:
    assert retry_after_of("Wed, 25 Nov 2026 05:00:30 GMT", date) is None
    assert retry_after_of("7", date) == 7


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_is_too_odd(header: str, date: str) -> None:
    found = retry_after_of(header, date)
    assert found is None or 1 <= found <= LONGEST_RETRY_AFTER

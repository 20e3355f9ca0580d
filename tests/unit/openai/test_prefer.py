"""`Prefer: wait=N`, as RFC 7240 writes it, and what is no wait."""

from __future__ import annotations

import pytest

from runway_videos.openai.prefer import wait_seconds


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        *(("wait=10", 10), ("wait=0", 0), ("wait=60", 60), ("wait=61", 60), ("wait=" + "9" * 5000, 60)),
        *(("Wait = 7", 7), ('wait="5"', 5), ("wait=5; x=1", 5), ("respond-async, wait=10", 10)),
        *(("respond-async,wait=3,wait=9", 3), ('note="a, wait=1", wait=2', 2), (" wait=4 ,", 4)),
        ("wait=0010", 10),
    ],
)
def test_a_wait_is_its_seconds_and_at_most_a_minute(header: str, seconds: int) -> None:
    assert wait_seconds(header) == seconds


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", "respond-async", "wait", "wait=", "wait=-1", "wait=1.5", "wait=ten", "wait=1e1"),
        *("waits=5", "return=minimal; wait=5", "wait=x, wait=5", "wait=٣", 'note="wait=5', ",,;=,"),
    ],
)
def test_anything_else_is_no_wait(header: str | None) -> None:
    assert wait_seconds(header) is None

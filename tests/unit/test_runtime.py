"""What every answer about a video carries, and what a status weighs in memory."""

from __future__ import annotations

import tracemalloc

import pytest

from runway_videos.catalog import price_list
from runway_videos.events import Events
from runway_videos.keys.balances import Balances
from runway_videos.keys.pool import KeyPool
from runway_videos.prices import Prices
from runway_videos.runtime import CachedStatus, Runtime, size_of
from runway_videos.store.shared_videos import NoSharedVideos
from runway_videos.store.video_ids import IdSealer
from runway_videos.store.video_records import VideoRecords
from unit.config.option_values import settings_from
from unit.fake_runway import FakeRunway


def runtime(**options: object) -> Runtime:
    settings = settings_from(**options)
    videos: VideoRecords[CachedStatus] = VideoRecords(float, size_of)
    sinks = Events([])
    prices = Prices(price_list.load(), sinks.emit)
    shared = NoSharedVideos(videos)
    same = (videos, sinks, prices, shared, Balances(float))
    return Runtime(settings, KeyPool((), float), IdSealer({}), FakeRunway(), *same)


@pytest.mark.parametrize(
    ("seconds", "milliseconds"), [(0, "1000"), (1, "1000"), (2, "2000"), (5, "5000"), (60, "60000")]
)
def test_clients_are_told_when_to_ask_again_and_never_below_a_second(seconds: int, milliseconds: str) -> None:
    assert runtime(poll_seconds=seconds).video_headers == {
        "content-type": "application/json",
        "openai-poll-after-ms": milliseconds,
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
    }


def test_sandbox_header_is_set_for_sandbox_videos_alone() -> None:
    assert runtime().sandbox_headers == {}
    boxed = runtime(sandbox=True)
    assert boxed.sandbox_headers == {"x-runway-sandbox": "true"}
    assert boxed.video_headers["x-runway-sandbox"] == "true"


def test_content_headers_are_private() -> None:
    assert runtime(sandbox=True).content_headers == {
        "x-runway-sandbox": "true",
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
    }


@pytest.mark.parametrize("error", [None, "why " * 50])
def test_a_status_is_counted_with_what_it_weighs(error: str | None) -> None:
    def made(number: int) -> CachedStatus:
        text = None if error is None else error + str(number)
        return CachedStatus(b"x" * 400 + str(number).encode(), "queued", number, text)

    made(0)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    held = [made(number) for number in range(1000, 3000)]
    used = (tracemalloc.get_traced_memory()[0] - before) / len(held)
    tracemalloc.stop()
    counted = size_of(held[0])
    assert used * 0.9 <= counted <= used * 1.6

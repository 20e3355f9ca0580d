from __future__ import annotations

from runway_videos.sandbox.request_log import MOST_BYTES, Record, RecordedRequest


def seen(path: str) -> RecordedRequest:
    return RecordedRequest("GET", path, None, {}, None, 200)


def paths(record: Record) -> list[str]:
    return [entry.path for entry in record.requests]


def test_the_last_requests_are_kept_and_all_are_counted() -> None:
    record = Record(most=2)
    for path in ("/a", "/b", "/c"):
        record.add("/{x}", seen(path), 0)
    assert paths(record) == ["/b", "/c"]
    assert record.counts == {"GET /{x}": 3}


def test_large_bodies_push_out_older_ones() -> None:
    record = Record(most=100)
    record.add("/", seen("/a"), MOST_BYTES // 2)
    record.add("/", seen("/b"), MOST_BYTES // 2)
    assert paths(record) == ["/a", "/b"]
    record.add("/", seen("/c"), 1)
    assert paths(record) == ["/b", "/c"]
    record.add("/", seen("/d"), MOST_BYTES + 1)
    assert paths(record) == []
    record.add("/", seen("/e"), 1)
    assert paths(record) == ["/e"]


def test_clearing_starts_anew() -> None:
    record = Record(most=100)
    record.add("/", seen("/a"), MOST_BYTES)
    record.clear()
    assert not record.counts
    record.add("/", seen("/b"), MOST_BYTES)
    assert paths(record) == ["/b"]

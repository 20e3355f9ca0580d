from __future__ import annotations

from runway_videos.sandbox.request_log import MAX_BYTES, RecordedRequest, RequestLog


def seen(path: str) -> RecordedRequest:
    return RecordedRequest("GET", path, None, {}, None, 200)


def paths(log: RequestLog) -> list[str]:
    return [entry.path for entry in log.requests]


def test_the_last_requests_are_kept_and_all_are_counted() -> None:
    log = RequestLog(max_requests=2)
    for path in ("/a", "/b", "/c"):
        log.add("/{x}", seen(path), 0)
    assert paths(log) == ["/b", "/c"]
    assert log.counts == {"GET /{x}": 3}


def test_large_bodies_remove_older_requests() -> None:
    log = RequestLog(max_requests=100)
    log.add("/", seen("/a"), MAX_BYTES // 2)
    log.add("/", seen("/b"), MAX_BYTES // 2)
    assert paths(log) == ["/a", "/b"]
    log.add("/", seen("/c"), 1)
    assert paths(log) == ["/b", "/c"]
    log.add("/", seen("/d"), MAX_BYTES + 1)
    assert paths(log) == []
    log.add("/", seen("/e"), 1)
    assert paths(log) == ["/e"]


def test_a_cleared_request_log_has_no_requests_and_no_counts() -> None:
    log = RequestLog(max_requests=100)
    log.add("/", seen("/a"), MAX_BYTES)
    log.clear()
    assert not log.counts
    log.add("/", seen("/b"), MAX_BYTES)
    assert paths(log) == ["/b"]

"""What is known of creates that were sent."""

from __future__ import annotations

from runway_videos.alerts.sendings import MAX_SENDINGS, Sending, Sendings
from runway_videos.events import CreateSending, VideoFacts

VIDEO = VideoFacts("sora-2", "4", "720x1280", "app")


def sending(request_id: str, key: str = "a") -> CreateSending:
    return CreateSending(VIDEO, key, 5.0, request_id=request_id)


def test_the_last_try_of_a_request_counts() -> None:
    sendings = Sendings()
    sendings.add(sending("r1"), 10.0)
    sendings.add(sending("r2"), 11.0)
    sendings.add(sending("r1", "b"), 12.0)
    assert sendings.moment("r1", 20.0).sending == Sending("b", 12.0, 5.0)
    assert sendings.moment("r2", 20.0).sending == Sending("a", 11.0, 5.0)
    assert sendings.moment("r3", 20.0).sending is None
    assert sendings.moment("", 20.0).sending is None


def test_the_oldest_are_forgotten() -> None:
    sendings = Sendings()
    for number in range(MAX_SENDINGS + 1):
        sendings.add(sending(f"r{number}"), 1.0)
    assert sendings.moment("r0", 2.0).sending is None
    assert sendings.moment("r1", 2.0).sending is not None

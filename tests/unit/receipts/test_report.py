"""The report on an account, and how it is set against what Runway charged."""

from __future__ import annotations

from runway_videos.receipts import report
from runway_videos.receipts.videos import Account, read
from unit.receipts.test_videos import ENDED, MADE, line


def account() -> Account:
    other = line("created", "t2", key="b", caller="", credits_estimated=1000.5, time="2026-11-26T09:00:00Z")
    return read([MADE, ENDED, other, line("unknown", "", request_id="req_1"), b"{\n"])


def test_sums_are_by_caller_key_model_and_outcome() -> None:
    assert [" ".join(each.split()) for each in report.lines(account())] == [
        "2 made, 1,070.5 credits (1 without a final cost count as estimated)",
        "by caller:",
        "(local user) 1 video 1,000.5 credits",
        "app 1 video 70 credits",
        "by key:",
        "b 1 video 1,000.5 credits",
        "a 1 video 70 credits",
        "by model:",
        "seedance2 2 videos 1,070.5 credits",
        "by outcome:",
        "not ended 1 video 1,000.5 credits",
        "completed 1 video 70 credits",
        "1 with an unknown outcome, or sent and not answered yet; each may be a paid task: look at Runway's "
        "dashboard",
        "2026-11-25T10:00:00.000Z req_1 key a",
        "left out, for they could not be read: 1 line",
    ]


def test_a_day_and_keys_are_picked() -> None:
    assert len(report.of(account(), "2026-11-25").videos) == 1
    assert len(report.of(account(), "2026-11-25").unknown) == 1
    assert report.of(account(), "2026-11-26").unknown == []
    assert [video.key for video in report.of(account(), None, ["b"]).videos.values()] == ["b"]
    assert report.of(account(), None, ["b"]).unknown == []


def test_what_runway_charged_is_explained_or_not() -> None:
    found = report.of(account(), "2026-11-25")
    assert report.against(found, {"seedance2": 70}) == ("1 made, 70 credits, 0 unexplained", 0)
    text, unexplained = report.against(found, {"seedance2": 70, "gen4_image": 8})
    assert unexplained == 8
    assert text == "1 made, 70 credits, 8 unexplained (Runway: gen4_image 8, seedance2 70)"
    text, unexplained = report.against(report.of(account(), "2026-11-26"), {})
    assert unexplained == -1000.5
    assert text.endswith("; videos that were deleted, or whose end was not seen, count as estimated")

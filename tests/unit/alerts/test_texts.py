"""What an alert says, and what is not worth one."""

from __future__ import annotations

import pytest

from runway_videos import events
from runway_videos.alerts.texts import TEXTS
from runway_videos.config.alert_options import KINDS
from runway_videos.events import Event, VideoFacts
from runway_videos.keys.balances import Balance
from runway_videos.keys.cooldowns import KeyReport

VIDEO = VideoFacts("sora-2", "4", "720x1280", "app", "seedance2", "text_to_video")


def passed_over(report: KeyReport | None) -> Event:
    return events.KeyPassedOver("team-a", "gen4.5", "why", report)


@pytest.mark.parametrize(
    ("event", "kind", "text"),
    [
        (passed_over(KeyReport.UNAUTHORIZED), "key_refused", "Runway refuses the key team-a"),
        (
            passed_over(KeyReport.MODEL_UNAVAILABLE),
            "key_refused",
            "Runway refuses the model gen4.5 to the key team-a",
        ),
        (passed_over(KeyReport.NO_CREDITS), "key_credits", "The key team-a is out of credits"),
        (
            passed_over(KeyReport.DAILY_LIMIT),
            "key_daily_limit",
            "The key team-a has reached its daily limit of gen4.5",
        ),
        (
            events.BalanceKnown("team-a", Balance(1234.5), first=True),
            "key_credits",
            "The key team-a has 1,234.5 credits left",
        ),
        (events.BudgetReached("app", 80, "the numbers"), "budget", "the numbers"),
    ],
)
def test_what_is_told(event: Event, kind: str, text: str) -> None:
    alert = TEXTS[type(event)](event)
    assert alert is not None
    assert (alert.kind, alert.text) == (kind, text)
    assert kind in KINDS


@pytest.mark.parametrize("report", [None, KeyReport.QUEUE_FULL])
def test_a_full_queue_is_no_alert(report: KeyReport | None) -> None:
    assert TEXTS[events.KeyPassedOver](passed_over(report)) is None


@pytest.mark.parametrize(
    "event",
    [
        events.OutcomeUnknown(VIDEO, "team-a", "no answer", request_id="req_1"),
        events.CreateGivenUp(VIDEO, request_id="req_1"),
        events.CreateAbandoned(VIDEO, request_id="req_1"),
    ],
)
def test_an_unknown_outcome_has_all_that_finds_the_task(event: Event) -> None:
    alert = TEXTS[type(event)](event)
    assert alert is not None
    fields = dict(alert.fields)
    assert alert.kind == "outcome_unknown"
    assert fields["model"] == "seedance2"
    assert fields["mode"] == "text_to_video"
    assert (fields["seconds"], fields["size"]) == ("4", "720x1280")
    assert (fields["caller"], fields["request"]) == ("app", "req_1")
    assert fields["why"]
    assert fields.get("key") == ("team-a" if isinstance(event, events.OutcomeUnknown) else None)

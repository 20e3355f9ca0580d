"""What an alert says, and what is not worth one."""

from __future__ import annotations

import pytest

from runway_videos import events
from runway_videos.alerts.sendings import Moment, Sending
from runway_videos.alerts.texts import TEXTS, Alert
from runway_videos.config.alert_options import KINDS
from runway_videos.events import Event, VideoFacts
from runway_videos.keys.balances import Balance
from runway_videos.keys.cooldowns import KeyReport

MOMENT = Moment(1_764_056_400.9)
VIDEO = VideoFacts("sora-2", "4", "720x1280", "app", "seedance2", "text_to_video")


def alert_of(event: Event, moment: Moment = MOMENT) -> Alert | None:
    return TEXTS[type(event)](event, moment)


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
        (
            events.BalanceUnknown("team-a", "HTTP 401", refused=True),
            "key_refused",
            "Runway refuses the key team-a",
        ),
        (events.BudgetReached("app", 80, "the numbers"), "budget", "the numbers"),
        (
            events.RepeatStorm("app", 20, 60.0),
            "repeat_storm",
            "app has repeated creates 20 times within 60 s: its client gives up too early, or repeats in a "
            "loop. None was sent again",
        ),
    ],
)
def test_what_is_told(event: Event, kind: str, text: str) -> None:
    alert = alert_of(event)
    assert alert is not None
    assert (alert.kind, alert.text) == (kind, text)
    assert kind in KINDS


@pytest.mark.parametrize(
    "event",
    [
        passed_over(None),
        passed_over(KeyReport.QUEUE_FULL),
        events.BalanceUnknown("team-a", "HTTP 503"),
    ],
)
def test_what_passes_by_itself_is_no_alert(event: Event) -> None:
    assert alert_of(event) is None


def test_a_refused_key_is_one_subject_whoever_finds_out() -> None:
    found = [
        alert_of(passed_over(KeyReport.UNAUTHORIZED)),
        alert_of(events.BalanceUnknown("team-a", "HTTP 401", refused=True)),
    ]
    assert len({each.subject for each in found if each}) == 1


@pytest.mark.parametrize(
    "event",
    [
        events.OutcomeUnknown(VIDEO, "team-a", "no answer", request_id="req_1"),
        events.CreateGivenUp(VIDEO, request_id="req_1"),
        events.CreateAbandoned(VIDEO, request_id="req_1"),
    ],
)
def test_an_unknown_outcome_has_all_that_finds_the_task(event: Event) -> None:
    alert = alert_of(event, Moment(MOMENT.now, Sending("team-a", MOMENT.now - 61, 144.5)))
    assert alert is not None
    fields = dict(alert.fields)
    assert alert.kind == "outcome_unknown"
    assert (fields["model"], fields["asked for"]) == ("seedance2", "sora-2")
    assert fields["mode"] == "text_to_video"
    assert (fields["seconds"], fields["size"]) == ("4", "720x1280")
    assert (fields["caller"], fields["request"]) == ("app", "req_1")
    assert fields["why"]
    assert fields["key"] == "team-a"
    assert fields["created"] == "2025-11-25 07:38:59 UTC to 2025-11-25 07:40:00 UTC"
    assert fields["credits"] == "about 144.5"


def test_what_is_not_known_is_left_out() -> None:
    alert = alert_of(events.CreateAbandoned(VideoFacts("gen4.5", "4", "", "")))
    assert alert is not None
    assert [title for title, _ in alert.fields] == ["created", "model", "seconds", "caller", "why"]
    assert dict(alert.fields)["created"] == "before 2025-11-25 07:40:00 UTC"
    assert dict(alert.fields)["caller"] == "the local user"

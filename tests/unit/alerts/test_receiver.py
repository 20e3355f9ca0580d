"""What a receiver is told: at once, then once a minute for each kind, nothing twice in an hour."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from runway_videos import events
from runway_videos.alerts.receiver import MAX_IN_MESSAGE, MAX_SUBJECTS
from runway_videos.events import VideoFacts
from runway_videos.keys.balances import Balance
from runway_videos.keys.cooldowns import KeyReport
from unit.alerts.harness import URL, AlertHarness

VIDEO = VideoFacts("sora-2", "4", "720x1280", "app", "seedance2", "text_to_video")
LOST = events.OutcomeUnknown(VIDEO, "team-a", "no answer")


def refused(key: str = "team-a") -> events.KeyPassedOver:
    return events.KeyPassedOver(key, "gen4.5", "Not authorized.", KeyReport.UNAUTHORIZED)


type Story = Callable[[AlertHarness], Coroutine[Any, Any, None]]


def played(story: Story, **options: Any) -> AlertHarness:
    async def play() -> AlertHarness:
        harness = AlertHarness(**options)
        await story(harness)
        await harness.service.close()
        return harness

    return asyncio.run(play())


def test_the_first_of_each_kind_is_told_at_once() -> None:
    async def story(harness: AlertHarness) -> None:
        await harness.tell(refused(), LOST)

    found = played(story)
    assert [each.url for each in found.receiver.sent] == [URL, URL]
    assert found.texts[0].startswith(
        "Runway refuses the key team-a (key team-a, model gen4.5, Runway says Not"
    )
    assert found.texts[1].startswith("OUTCOME UNKNOWN: ")
    assert "seconds 4, size 720x1280, caller app" in found.texts[1]


def test_more_within_a_minute_stand_in_one_message_at_its_end() -> None:
    async def story(harness: AlertHarness) -> None:
        await harness.tell(LOST)
        await harness.tell(*[LOST] * (MAX_IN_MESSAGE + 4))
        await harness.pass_time(59)
        assert len(harness.texts) == 1
        await harness.pass_time(1)
        assert len(harness.texts) == 2
        await harness.pass_time(600)
        await harness.tell(LOST)

    found = played(story)
    assert [text.count("OUTCOME UNKNOWN") for text in found.texts] == [1, MAX_IN_MESSAGE, 1]
    assert found.texts[1].endswith("and 4 more of this kind: see the log")


def test_the_same_is_told_once_an_hour() -> None:
    async def story(harness: AlertHarness) -> None:
        await harness.tell(refused())
        for _ in range(50):
            await harness.pass_time(60)
            await harness.tell(refused())
        await harness.tell(refused("team-b"))
        await harness.pass_time(11 * 60)
        await harness.tell(refused())

    assert [text.partition(" (")[0][-6:] for text in played(story).texts] == ["team-a", "team-b", "team-a"]


def test_only_what_it_wants() -> None:
    async def story(harness: AlertHarness) -> None:
        low = [events.BalanceKnown(f"k-{left}", Balance(left), first=False) for left in (20, 99.5, 100, 5000)]
        await harness.tell(refused(), LOST, *low)
        await harness.pass_time(60)

    found = played(story, alert={"events": ["key_credits"], "credits_below": 100})
    told = "\n".join(found.texts)
    assert "k-20" in told
    assert "k-99.5" in told
    assert "k-100" not in told
    assert "k-5000" not in told
    assert "OUTCOME" not in told
    assert "refuses" not in told


def test_a_receiver_that_takes_nothing_is_a_line_and_the_next_is_tried(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)

    async def story(harness: AlertHarness) -> None:
        harness.receiver.problems.extend(["HTTP 500"] * 3)
        await harness.tell(refused())
        await harness.pass_time(36)
        assert len(harness.receiver.sent) == 3
        await harness.pass_time(60)
        await harness.tell(refused())  # it was not told the first time
        assert len(harness.receiver.sent) == 4

    played(story)
    lines = [line for line in caplog.messages if line.startswith("alerts:")]
    assert lines == ["alerts: hooks.slack.example was not told of 1: HTTP 500"]


def test_one_that_never_answers_keeps_nothing_but_one_message() -> None:
    async def story(harness: AlertHarness) -> None:
        harness.receiver.takes.clear()
        await harness.tell(refused())
        for number in range(3 * MAX_SUBJECTS):
            await harness.tell(refused(f"key-{number}"))
        assert len(harness.receiver.sent) == 1
        harness.receiver.takes.set()
        await harness.pass_time(60)
        assert len(harness.receiver.sent) == 2

    found = played(story)
    assert found.texts[1].count("refuses") == MAX_IN_MESSAGE
    assert f"and {3 * MAX_SUBJECTS - MAX_IN_MESSAGE} more" in found.texts[1]


def test_at_the_end_what_waits_is_told_once() -> None:
    async def story(harness: AlertHarness) -> None:
        await harness.tell(refused())
        await harness.tell(refused("team-b"))
        assert len(harness.texts) == 1
        harness.service.runtime.events.emit(events.CreateGivenUp(VIDEO))
        await harness.service.flush_events(5)
        assert len(harness.texts) == 3
        await harness.tell(refused("team-c"))
        assert len(harness.texts) == 3

    played(story)


def test_a_storm_of_repeats_is_told() -> None:
    async def story(harness: AlertHarness) -> None:
        await harness.tell(*[events.RetryJoined("app")] * 19)
        assert harness.texts == []
        await harness.tell(events.RetryJoined("app"))

    (text,) = played(story).texts
    assert text.startswith("app has repeated creates 20 times within 60 s")

"""What a receiver does not take: few lines in the log, and all of it counted."""

from __future__ import annotations

import json

import pytest

from runway_videos.alerts.receiver import RETRY_WAITS
from unit.alerts.harness import LOST, AlertHarness, budget, played, refused
from unit.config.option_values import settings_from
from unit.fake_runway import KEYS


def lines_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line for line in caplog.messages if line.startswith("alerts:")]


def test_a_receiver_that_takes_nothing_is_said_and_the_next_is_tried(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(harness: AlertHarness) -> None:
        harness.receiver.problems.extend(["HTTP 500"] * (len(RETRY_WAITS) + 1))
        await harness.tell(refused())
        await harness.pass_time(sum(RETRY_WAITS))
        assert len(harness.receiver.sent) == len(RETRY_WAITS) + 1
        await harness.pass_time(60)
        await harness.tell(refused())  # it was not told the first time
        assert len(harness.receiver.sent) == len(RETRY_WAITS) + 2

    played(story)
    assert lines_of(caplog) == [
        "alerts: hooks.slack.example did not take one: HTTP 500; it is tried again",
        "alerts: hooks.slack.example was not told of 1: HTTP 500",
    ]


def test_one_that_is_away_for_long_has_few_lines_and_all_is_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(harness: AlertHarness) -> None:
        harness.receiver.problems.extend(["HTTP 500"] * 40)
        for _ in range(60):
            await harness.tell(budget(1), LOST)
            await harness.pass_time(60)
        for _ in range(60):
            await harness.pass_time(60)

    found = played(story)
    lines = lines_of(caplog)
    assert len(lines) < 10
    assert not found.receiver.problems
    lost = sum(int(line.partition("told of ")[2].partition(":")[0]) for line in lines[1:])
    told = "\n".join(json.loads(sent.body)["text"] for sent in found.receiver.sent[40:])
    assert lost + told.count("budget 1") + told.count("OUTCOME UNKNOWN") == 120


def test_what_the_end_or_a_new_configuration_loses_is_said(caplog: pytest.LogCaptureFixture) -> None:
    async def story(harness: AlertHarness) -> None:
        await harness.tell(budget(1))
        await harness.tell(budget(2), budget(3))
        harness.service.reconfigure(settings_from(KEYS, keys=[{"name": "a", "value": "env.A"}]))

    played(story)
    name = "alerts: hooks.slack.example was not told of 2: "
    assert lines_of(caplog) == [name + "it is not configured any more"]
    caplog.clear()

    async def ends(harness: AlertHarness) -> None:
        harness.receiver.takes.clear()
        await harness.tell(budget(1), budget(2))
        await harness.service.flush_events(0.01)

    played(ends)
    assert lines_of(caplog) == [name + "the process ends"]

"""When Runway is asked what keys have left, what is logged of it, and what follows."""

from __future__ import annotations

import asyncio
import json

import msgspec
import pytest

from runway_videos import events
from runway_videos.events import Event, Events
from runway_videos.observe.balance_asker import INTERVAL_SECONDS, BalanceAsker
from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError
from unit.config.option_values import settings_from
from unit.fake_runway import KEYS, ServiceHarness, ok
from unit.observe.test_metrics import scrape

ORGANIZATION = {
    "creditBalance": 12_400,
    "tier": {"models": {name: {"maxDailyGenerations": 20} for name in ("seedance2", "gen4.5", "new_model")}},
    "usage": {"models": {"seedance2": {"dailyGenerations": 3}, "new_model": {"dailyGenerations": 20}}},
}
TWO = [{"name": "poor", "value": "env.A", "weight": 9}, {"name": "rich", "value": "env.B"}]


async def settle() -> None:
    """Lets tasks that have begun come to their end."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_at_the_start_each_key_is_asked_for_and_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    harness = ServiceHarness(keys=TWO)
    harness.runway.next["organization"].extend([ok(ORGANIZATION), ok({"creditBalance": 7})])

    async def run() -> None:
        await harness.service.start()
        found = await scrape(harness)
        assert found("runway_key_balance_credits", key="poor") == 12_400
        assert found("runway_key_daily_generations", key="poor", model="seedance2") == 3
        assert found("runway_key_daily_limit", key="poor", model="gen4.5") == 20
        assert "new_model" not in found.text
        await harness.service.close()

    asyncio.run(run())
    assert harness.runway.asked == [("organization", "poor"), ("organization", "rich")]
    assert "key poor: 12,400 credits, new_model 20 of 20 today, seedance2 3 of 20 today" in caplog.messages
    assert "key rich: 7 credits" in caplog.messages


def test_it_is_asked_again_when_a_create_or_a_scrape_comes_and_not_too_often() -> None:
    harness = ServiceHarness()

    async def run() -> list[int]:
        await harness.service.start()
        counts = []
        for wait in (0.0, INTERVAL_SECONDS - 1, 1.0, 0.0, INTERVAL_SECONDS):
            harness.now += wait
            await harness.create()
            await settle()
            counts.append(harness.runway.times("organization"))
        harness.now += INTERVAL_SECONDS
        await scrape(harness)
        await settle()
        counts.append(harness.runway.times("organization"))
        await harness.service.close()
        return counts

    assert asyncio.run(run()) == [1, 1, 2, 2, 3, 4]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Reply(401, b'{"error": "No API key was provided."}'), "HTTP 401 No API key was provided."),
        (Reply(502, b"<html>"), "HTTP 502"),
        (ok({"other": 1}), "HTTP 200"),
        (ok([]), "HTTP 200"),
        (NotSentError("ConnectError"), "ConnectError"),
        (UnknownOutcomeError("ReadTimeout"), "ReadTimeout"),
    ],
)
def test_where_runway_does_not_say_nothing_else_changes(
    answer: Reply | Exception, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    harness = ServiceHarness()
    harness.runway.next["organization"].extend([answer, answer])

    async def run() -> None:
        await harness.service.start()
        harness.now += INTERVAL_SECONDS
        await harness.create()
        await settle()
        await harness.service.close()

    asyncio.run(run())
    told = [line for line in caplog.records if "credits it has" in line.getMessage()]
    assert [(line.levelname, line.getMessage()) for line in told] == [
        ("INFO", f"key a: Runway does not say what credits it has: {problem}")
    ]


def test_a_key_that_cannot_pay_is_passed_over() -> None:
    harness = ServiceHarness(keys=TWO)
    harness.runway.next["organization"].extend([ok({"creditBalance": 100}), ok({"creditBalance": 9000})])
    body = json.dumps({"prompt": "a cat", "model": "seedance2_mini", "seconds": "4"}).encode()  # 64 credits

    async def run() -> None:
        await harness.service.start()
        for _ in range(4):
            await harness.create(body)
        await harness.service.close()

    asyncio.run(run())
    assert list(harness.runway.made_with.values()) == ["poor", "rich", "rich", "rich"]


def test_a_new_value_of_a_key_is_asked_for_at_once() -> None:
    harness = ServiceHarness()

    async def run() -> int:
        await harness.service.start()
        other = [{"name": "a", "value": "env.B"}]
        harness.service.reconfigure(settings_from(KEYS, keys=other))
        assert harness.service.runtime.balances.of("a") is None
        await harness.create()
        await settle()
        await harness.service.close()
        return harness.runway.times("organization")

    assert asyncio.run(run()) == 2


def test_the_sandbox_and_a_service_that_is_not_started_ask_for_nothing() -> None:
    harness = ServiceHarness()

    async def run() -> None:
        await harness.create()
        await settle()

    asyncio.run(run())
    assert harness.runway.times("organization") == 0
    boxed = ServiceHarness(keys=[], sandbox=True)

    async def start() -> None:
        await boxed.service.start()
        await boxed.service.close()

    asyncio.run(start())
    assert boxed.runway.asked == []


def test_a_key_that_runway_refuses_is_said_each_time() -> None:
    """The log has it once; who is told of refused keys by alerts may have been told too long ago."""
    harness = ServiceHarness()
    refused = Reply(401, b'{"error": "Incorrect API key provided."}')
    harness.runway.next["organization"].extend([refused, Reply(401, b"<html>"), Reply(503), refused])
    told: list[events.BalanceUnknown] = []

    async def run() -> None:
        asker = BalanceAsker(lambda: msgspec.structs.replace(harness.service.runtime, events=Events([see])))
        await asker.start()
        for _ in range(3):
            harness.now += INTERVAL_SECONDS
            asker.ask_due()
            await settle()
        asker.stop()
        await harness.service.close()

    def see(event: Event) -> None:
        assert isinstance(event, events.BalanceUnknown)
        told.append(event)

    asyncio.run(run())
    assert [(each.refused, each.first) for each in told] == [(True, True), (True, False)]

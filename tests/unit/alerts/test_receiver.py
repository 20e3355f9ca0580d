"""What a receiver is told: at once, then once a minute for each kind, nothing twice in an hour."""

from __future__ import annotations

import msgspec
import pytest

from runway_videos import events
from runway_videos.alerts.message import MAX_ALERTS
from runway_videos.alerts.receiver import MAX_SUBJECTS, MAX_WAITING
from runway_videos.keys.balances import Balance
from unit.alerts.harness import LOST, URL, VIDEO, AlertHarness, budget, played, refused


def test_the_first_of_each_kind_is_told_at_once() -> None:
    async def story(harness: AlertHarness) -> None:
        await harness.tell(refused(), LOST)

    found = played(story)
    assert [each.url for each in found.receiver.sent] == [URL, URL]
    assert found.texts[0].startswith(
        "Runway refuses the key team-a (key: team-a; model: gen4.5; Runway says: Not"
    )
    assert found.texts[1].startswith("OUTCOME UNKNOWN: ")
    assert "seconds: 4; size: 720x1280; caller: app" in found.texts[1]


def test_more_within_a_minute_stand_in_one_message_at_its_end() -> None:
    async def story(harness: AlertHarness) -> None:
        await harness.tell(budget(0))
        await harness.tell(*map(budget, range(1, 4)))
        await harness.pass_time(59)
        assert len(harness.texts) == 1
        await harness.pass_time(1)
        assert len(harness.texts) == 2
        await harness.pass_time(600)
        await harness.tell(budget(5))

    assert [text.count("caller: ") for text in played(story).texts] == [1, 3, 1]


def test_what_has_no_room_stands_in_the_next_message_or_is_counted() -> None:
    async def story(harness: AlertHarness) -> None:
        await harness.tell(budget(0))
        await harness.tell(*map(budget, range(1, MAX_WAITING + 15)))
        for _ in range(10):
            await harness.pass_time(60)

    found = played(story)
    shown = [text.count("caller: ") for text in found.texts]
    assert shown == [1, *[MAX_ALERTS] * (MAX_WAITING // MAX_ALERTS)]
    assert found.texts[1].endswith("and 14 more in the last minute: see the log")
    assert "more in the last" not in "".join(found.texts[2:])


def test_every_unknown_outcome_is_told_whole() -> None:
    async def story(harness: AlertHarness) -> None:
        lost = (msgspec.structs.replace(LOST, request_id=f"req_{number}") for number in range(12))
        await harness.tell(*lost)
        for _ in range(10):
            await harness.pass_time(60)

    told = "\n".join(played(story).texts)
    assert all(f"request: req_{number};" in told for number in range(12))


def test_the_same_is_told_once_an_hour() -> None:
    async def story(harness: AlertHarness) -> None:
        await harness.tell(refused())
        for _ in range(50):
            await harness.pass_time(60)
            await harness.tell(refused())
        await harness.tell(refused("team-b"))
        await harness.pass_time(11 * 60)
        await harness.tell(refused())

    texts = played(story).texts
    assert [text.partition(" (")[0][-6:] for text in texts] == ["team-a", "team-b", "team-a"]
    assert ["times more" in text for text in texts] == [False, False, True]
    assert "since last told: 50 times more" in texts[2]


def test_a_low_balance_is_told_once_a_day_or_when_it_falls_again() -> None:
    def left(credits: float) -> events.BalanceKnown:
        return events.BalanceKnown("team-a", Balance(credits), first=False)

    async def story(harness: AlertHarness) -> None:
        for credits in (90.0, 80.0, 70.0, 5000.0, 60.0):
            await harness.tell(left(credits))
            await harness.pass_time(2 * 3600)
        await harness.pass_time(24 * 3600)
        await harness.tell(left(50.0))

    texts = played(story, alert={"credits_below": 100}).texts
    assert [text.partition(" credits")[0][-2:] for text in texts] == ["90", "60", "50"]


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


def test_one_that_never_answers_keeps_little_and_goes_on_when_it_does() -> None:
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
    assert f"and {3 * MAX_SUBJECTS - MAX_WAITING} more" in found.texts[1]


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


def test_a_storm_of_repeats_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def story(harness: AlertHarness) -> None:
        await harness.tell(*[events.RetryJoined("app")] * 19)
        assert harness.texts == []
        await harness.tell(events.RetryJoined("app"))

    (text,) = played(story).texts
    assert text.startswith("app has repeated creates 20 times within 60 s")
    assert any(line.startswith("caller app has repeated creates 20 times") for line in caplog.messages)


def test_an_unknown_outcome_says_with_which_key_and_when_it_was_sent() -> None:
    async def story(harness: AlertHarness) -> None:
        await harness.tell(events.CreateSending(VIDEO, "team-b", 50.0, request_id="req_7"))
        await harness.pass_time(20)
        await harness.tell(events.CreateGivenUp(VIDEO, request_id="req_7"))

    (text,) = played(story).texts
    assert "key: team-b; created: " in text
    assert " UTC to " in text


def test_a_sandbox_says_so() -> None:
    async def story(harness: AlertHarness) -> None:
        await harness.tell(budget(1))

    assert played(story, sandbox=True, keys=[]).texts[0].startswith("SANDBOX: budget 1")

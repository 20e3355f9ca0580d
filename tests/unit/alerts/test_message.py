"""The JSON as Slack takes it, and Discord and Mattermost: no text of others makes a link or a mention."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_videos.alerts.message import MAX_ALERTS, MAX_FIELD, MAX_TEXT, how_many_fit, message
from runway_videos.alerts.texts import Alert

MANY = [Alert("budget", str(number), "x" * 30) for number in range(3 * MAX_ALERTS)]
LONG = [Alert("budget", str(number), "x" * 150, (("why", "y" * 300),)) for number in range(30)]


def test_text_alone_is_enough_and_fields_have_the_facts() -> None:
    found = json.loads(
        message([Alert("budget", "a", "One.", (("caller", "a"),)), Alert("budget", "b", "Two.")], 3)
    )
    assert found["text"] == "One. (caller: a)\nTwo.\nand 3 more in the last minute: see the log"
    assert found["attachments"] == [
        {"fallback": "One.", "fields": [{"title": "caller", "value": "a", "short": True}]},
        {"fallback": "Two.", "fields": []},
    ]


@given(st.text(max_size=400))
def test_no_text_is_more_than_text(text: str) -> None:
    found = json.loads(message([Alert("budget", "", text, (("why", text),))], 0, "SANDBOX: "))
    (attachment,) = found["attachments"]
    for shown in (found["text"], attachment["fallback"], attachment["fields"][0]["value"]):
        assert "<" not in shown
        assert ">" not in shown
        assert shown.isprintable()
    assert found["text"].startswith("SANDBOX: ")
    assert attachment["fallback"].startswith("SANDBOX: ")


@pytest.mark.parametrize(
    "text", ["<!channel>", "@channel", "@everyone", "<https://a.b|x>", "[x](https://a.b)"]
)
def test_a_clients_text_calls_nobody_and_leads_nowhere(text: str) -> None:
    body = message([Alert("budget", "", f"sora-2 {text}", (("model", text),))]).decode()
    assert "<" not in body
    assert "@channel" not in body
    assert "@everyone" not in body
    assert "https://" not in body


@pytest.mark.parametrize("alerts", [MANY, LONG, LONG[:1]])
def test_a_message_is_no_larger_than_all_take(alerts: list[Alert]) -> None:
    fit = how_many_fit(alerts)
    found = json.loads(message(alerts[:fit], 1000, "SANDBOX: "))
    assert 1 <= len(found["attachments"]) == fit <= MAX_ALERTS
    assert len(found["text"]) <= 2000
    assert fit == len(alerts) or fit == MAX_ALERTS or how_many_fit(alerts[: fit + 1]) == fit
    assert MAX_TEXT < 2000


def test_a_long_text_is_shortened_and_shows_it() -> None:
    found = json.loads(message([Alert("budget", "", "x" * 1000)]))
    assert found["text"] == "x" * MAX_FIELD + "…"

"""runway_alerts: what may stand there, and what is said of mistakes."""

from __future__ import annotations

from typing import Any

import pytest

from runway_videos.config.alert_options import CREDITS_BELOW, KINDS, AlertReceiver
from runway_videos.config.conf_file import ConfigError
from unit.config.option_values import settings_from

URL = "https://hooks.slack.example/services/T0/B0/hush-hush"
ENVIRON = {
    "SLACK": URL,
    "OTHER": "http://10.0.0.7/alerts",
    "ODD": "ftp://host/hush",
    "AT": "https://u:hush@host/",
}


def read(*alerts: Any) -> tuple[AlertReceiver, ...]:
    return settings_from(ENVIRON, alerts=list(alerts)).alerts


def test_all_events_unless_some_are_named() -> None:
    found = read({"url": "env.SLACK"}, {"url": "env.OTHER", "events": ["budget"], "credits_below": 20})
    assert found == (
        AlertReceiver(URL, KINDS, CREDITS_BELOW),
        AlertReceiver("http://10.0.0.7/alerts", ("budget",), 20.0),
    )


def test_an_address_that_is_written_out_is_a_secret_with_a_warning() -> None:
    settings = settings_from(ENVIRON, alerts=[{"url": URL}])
    assert settings.alerts == (AlertReceiver(URL),)
    assert any("runway_alerts: a receiver has its secret written out" in each for each in settings.warnings)
    assert "hush" not in repr(settings) + str(settings.warnings)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"url": "env.NONE"}, "url: .*NONE"),
        ({}, "a receiver needs a url"),
        ({"url": "env.ODD"}, "begin with https"),
        ({"url": "env.AT"}, "url must be a whole address"),
        (
            {"url": "env.SLACK", "events": ["key_lost"]},
            "a list of key_refused, .*; 'key_lost' is none",
        ),
        ({"url": "env.SLACK", "events": []}, "there is none"),
        ({"url": "env.SLACK", "events": "budget"}, "there is none"),
        ({"url": "env.SLACK", "credits_below": "1"}, "credits_below must be a number"),
        ({"url": "env.SLACK", "credits_below": True}, "credits_below must be a number"),
        ({"url": "env.SLACK", "credits_below": -1}, "credits_below must be a number"),
        ({"url": "env.SLACK", "event": ["budget"]}, "did you mean 'events'"),
    ],
)
def test_mistakes(item: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        read(item)
    assert str(caught.value).startswith("runway_alerts")
    assert "hush" not in str(caught.value)


def test_no_address_stands_twice() -> None:
    with pytest.raises(ConfigError, match=r"an address at hooks\.slack\.example stands twice"):
        read({"url": "env.SLACK"}, {"url": URL})

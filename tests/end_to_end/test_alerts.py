"""Alerts, as a Slack channel gets them, of what goes wrong with a Runway that misbehaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from asking import until
from faulty import FaultyRunway, faults
from faulty.accounts import Operation
from faulty.clients import Client, create
from faulty.gateway import gateway
from origins import Origin
from running import Proxy

pytestmark = pytest.mark.slow

PATH = "/services/T0/B0/hush-hush-hush"
TOKEN = "tok_of_app_0123456789"
CALLER = {"name": "app", "value": "env.APP", "videos_per_day": 5}


class Stand(msgspec.Struct, frozen=True):
    """One proxy, whose alerts go to `channel`."""

    runway: FaultyRunway
    channel: Origin
    proxy: Proxy

    def create(self, model: str, prompt: str = "it") -> None:
        with Client(self.proxy.base_url, max_retries=0, api_key=TOKEN) as user:
            create(user, model=f"runway/{model}", prompt=prompt)

    def alert(self, words: str) -> dict[str, Any]:
        """The message with these words, when it has come."""

        def found() -> dict[str, Any] | None:
            messages = [json.loads(asked.body) for asked in self.channel.requests]
            return next((each for each in messages if words in each["text"]), None)

        return until(found, words)


@pytest.fixture(scope="module")
def stand(folder: Callable[[], Path]) -> Iterator[Stand]:
    channel = Origin()
    channel.routes[PATH] = lambda exchange: exchange.reply(200, b"ok")
    with FaultyRunway() as runway, channel:
        env = {"SLACK": channel.url + PATH, "APP": TOKEN}
        options: dict[str, Any] = {
            "runway_alerts": [json.dumps({"url": "env.SLACK"})],
            "runway_callers": [json.dumps(CALLER)],
        }
        models = {"refused": 1, "poor": 1, "lost": 1, "fine": 1}
        with gateway(folder(), runway, models, env=env, **options) as proxy:
            yield Stand(runway, channel, proxy)


def test_a_refused_key_one_without_credits_and_a_lost_answer(stand: Stand) -> None:
    plans = (("refused", faults.UNAUTHORIZED), ("poor", faults.CREDITS), ("lost", faults.RESET_AFTER_TASK))
    for model, fault in plans:
        stand.runway.account(f"{model}-a").plan(Operation.CREATE, fault)
        stand.create(model)
    assert stand.alert("Runway refuses the key refused-a")
    assert stand.alert("The key poor-a is out of credits")
    lost = stand.alert("OUTCOME UNKNOWN")
    fields = {each["title"]: each["value"] for each in lost["attachments"][0]["fields"]}
    assert fields["key"] == "lost-a"
    assert fields["caller"] == "app"
    assert fields["request"].startswith("req_")
    assert "it" not in fields.values()  # the prompt


def test_a_day_that_is_used_up(stand: Stand) -> None:
    for number in range(8):
        stand.create("fine", f"video {number}")
    assert stand.alert("app has used 80 % of its day: 4 of 5 videos")
    stand.proxy.wait_for("budget: app has used 100 % of its day: 5 of 5 videos")


def test_nothing_shows_where_they_go(stand: Stand) -> None:
    stand.proxy.wait_for(r"alerts: 127\.0\.0\.1:\d+ \(key_refused, ")
    assert "hush" not in stand.proxy.log

"""Alerts, as a Slack channel gets them, of what goes wrong with a Runway that misbehaves.

Beside the channel the proxy has a receiver that never answers: nothing waits for it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from asking import until, web
from end_to_end.conftest import Folders, whole
from faulty import FaultyRunway, faults
from faulty.accounts import Operation
from faulty.clients import Client, Got, create
from faulty.gateway import gateway
from origins import Exchange, Origin
from running import Proxy

pytestmark = pytest.mark.slow

PATH = "/services/T0/B0/hush-hush-hush"
TOKENS = {"app": "tok_of_app_0123456789", "free": "tok_of_free_0123456789"}
LIMITS: dict[str, dict[str, Any]] = {"app": {"videos_per_day": 5}, "free": {}}
MODELS = {"refused": 1, "poor": 1, "lost": 1, "daily": 1, "held": 1, "fine": 1}
#: The drain of a process that ends, made short.
HURRY = "from runway_addon import shutdown\nshutdown.DRAIN_SECONDS = 0.3\n"


class Stand(msgspec.Struct, frozen=True):
    """One proxy, whose alerts go to `channel`, and to `dead`, which does not answer."""

    runway: FaultyRunway
    channel: Origin
    dead: Origin
    proxy: Proxy

    def create(self, model: str, prompt: str = "it", caller: str = "app") -> Got:
        with Client(self.proxy.base_url, max_retries=0, api_key=TOKENS[caller]) as user:
            return create(user, model=f"runway/{model}", prompt=prompt)

    def alert(self, *words: str) -> dict[str, Any]:
        """The message with these words, when it has come."""

        def found() -> dict[str, Any] | None:
            messages = [json.loads(asked.body) for asked in self.channel.requests]
            return next((each for each in messages if all(word in each["text"] for word in words)), None)

        return until(found, str(words))


@pytest.fixture(scope="module")
def stand(folder: Folders) -> Iterator[Stand]:
    channel, dead, never = Origin(), Origin(), threading.Event()
    channel.routes[PATH] = lambda exchange: exchange.reply(200, b"ok")

    def silence(exchange: Exchange) -> None:
        never.wait()

    dead.routes[PATH] = silence
    here = folder()
    (here / "hurry.py").write_text(HURRY)
    with FaultyRunway() as runway, channel, dead:
        env = {"SLACK": channel.url + PATH, "DEAD": dead.url + PATH, **TOKENS}
        options: dict[str, Any] = {
            "runway_alerts": [json.dumps({"url": f"env.{name}"}) for name in ("DEAD", "SLACK")],
            "runway_callers": [
                json.dumps({"name": name, "value": f"env.{name}", **limits})
                for name, limits in LIMITS.items()
            ],
        }
        try:
            with gateway(here, runway, MODELS, "-s", str(here / "hurry.py"), env=env, **options) as proxy:
                yield Stand(runway, channel, dead, proxy)
        finally:
            never.set()


def test_a_key_that_is_refused_or_out_of_credits_or_at_its_daily_limit(stand: Stand) -> None:
    plans = (("refused", faults.UNAUTHORIZED), ("poor", faults.CREDITS), ("daily", faults.DAILY))
    for model, fault in plans:
        stand.runway.account(f"{model}-a").plan(Operation.CREATE, fault)
        assert not stand.create(model).video
    assert stand.alert("Runway refuses the key refused-a", "Runway says: Incorrect API key provided.")
    assert stand.alert("The key poor-a is out of credits")
    assert stand.alert("The key daily-a has reached its daily limit of daily")


def test_an_unknown_outcome_has_all_that_finds_the_task(stand: Stand) -> None:
    stand.runway.account("lost-a").plan(Operation.CREATE, faults.RESET_AFTER_TASK)
    began = datetime.now(UTC).replace(microsecond=0)
    assert stand.create("lost", "a secret plan").code == "outcome_unknown"
    lost = stand.alert("OUTCOME UNKNOWN")
    fields = {each["title"]: each["value"] for each in lost["attachments"][0]["fields"]}
    assert fields["key"] == "lost-a"
    assert (fields["model"], fields["mode"]) == ("lost", "text_to_video")
    assert (fields["seconds"], fields["size"], fields["caller"]) == ("2", "1280x720", "app")
    assert fields["request"].startswith("req_")
    first, last = (
        datetime.strptime(each, "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
        for each in fields["created"].split(" to ")
    )
    assert began <= first <= last <= datetime.now(UTC)
    assert "plan" not in json.dumps(lost)
    for value in fields.values():
        assert value in lost["text"]


def test_a_day_that_is_used_up(stand: Stand) -> None:
    got = [stand.create("fine", f"video {number}") for number in range(8)]
    assert [each.status for each in got] == [0] * 4 + [429] * 4
    assert stand.alert("app has used 80 % of its day: 4 of 5 videos")
    stand.proxy.wait_for("budget: app has used 100 % of its day: 5 of 5 videos")


def test_a_receiver_that_never_answers_held_nothing_up(stand: Stand) -> None:
    until(lambda: stand.dead.asked(PATH) or None, "the receiver that never answers")
    assert stand.create("fine", caller="free").video
    with web(stand.proxy.url) as calls:
        metrics = calls.get("/runway/metrics", headers={"Authorization": f"Bearer {TOKENS['app']}"})
    assert "hush" not in metrics.text
    whole(stand.proxy)


def test_at_the_end_what_waits_is_told_and_what_is_lost_is_said(stand: Stand) -> None:
    account = stand.runway.account("held-a").plan(Operation.CREATE, faults.HELD)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(stand.create, "held", caller="free")
        stand.runway.wait_seen(account, Operation.CREATE)
        assert stand.proxy.stop() == 0
        assert waiting.result().code == "outcome_unknown"
    assert stand.alert("app has used 100 % of its day: 5 of 5 videos")
    assert stand.alert("OUTCOME UNKNOWN", "key: held-a;", "why: the proxy ended before Runway answered")
    dead, log = f"alerts: 127.0.0.1:{stand.dead.port} was not told of ", stand.proxy.log
    assert f"{dead}" in log
    assert "the process ends" in log.partition(dead)[2]
    assert f"127.0.0.1:{stand.channel.port} was not told" not in log


def test_nothing_shows_where_they_go(stand: Stand) -> None:
    stand.proxy.wait_for(r"alerts: 127\.0\.0\.1:\d+ \(key_refused, ")
    assert "hush" not in stand.proxy.log
    assert "Traceback" not in stand.proxy.log


def test_another_receiver_in_a_changed_file_is_told_from_then_on_and_the_earlier_one_no_more(
    folder: Folders,
) -> None:
    here, first, second = folder(), Origin(), Origin()
    for channel in (first, second):
        channel.routes[PATH] = lambda exchange: exchange.reply(200, b"ok")

    def conf(name: str) -> str:
        return f"runway_alerts: [{{url: env.{name}}}]\n"

    def texts(channel: Origin) -> list[str]:
        return [json.loads(asked.body)["text"] for asked in channel.requests]

    with FaultyRunway() as runway, first, second:
        env = {"FIRST": first.url + PATH, "SECOND": second.url + PATH}
        with gateway(here, runway, {"refused": 1, "poor": 1}, env=env, conf=conf("FIRST")) as proxy:
            with Client(proxy.base_url, max_retries=0) as user:
                runway.account("refused-a").plan(Operation.CREATE, faults.UNAUTHORIZED)
                create(user, model="runway/refused", prompt="it")
                until(lambda: texts(first) or None, "the first receiver")
                (here / "new").write_text(conf("SECOND"))
                (here / "new").replace(here / "mitm.conf")
                proxy.wait_for("configuration: new runway_alerts$")
                runway.account("poor-a").plan(Operation.CREATE, faults.CREDITS)
                create(user, model="runway/poor", prompt="it")
                until(lambda: texts(second) or None, "the second receiver")
            assert proxy.stop() == 0  # what waited has been told
            assert "hush" not in proxy.log
    assert [("refused-a" in text, "poor-a" in text) for text in texts(first)] == [(True, False)]
    assert [("refused-a" in text, "poor-a" in text) for text in texts(second)] == [(False, True)]

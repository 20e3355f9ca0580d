"""Which webhooks are told what, through changes of the configuration and to the end of the process."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from runway_videos.webhooks.sink import event_id
from unit.config.option_values import settings_from
from unit.fake_runway import KEYS
from unit.loopback import in_a_loop
from unit.upstream.held_harness import settle
from unit.webhooks.harness import HOOK, SECRET, URL, WebhookHarness

OTHER = {"url": "https://other.example/hook", "secret": SECRET}
ENVIRON = KEYS | {"T1": "tok_1", "T2": "tok_2"}
CALLERS = [{"name": name, "value": f"env.{name.upper()}"} for name in ("t1", "t2")]


def configure(harness: WebhookHarness, *webhooks: dict[str, Any], **options: Any) -> None:
    given = {"keys": [{"name": "a", "value": "env.A"}], "webhooks": list(webhooks), **options}
    harness.service.reconfigure(settings_from(ENVIRON, **given))


@in_a_loop
async def test_each_webhook_is_told_of_its_callers_videos() -> None:
    webhooks = [HOOK | {"callers": ["t1"]}, OTHER]
    harness = WebhookHarness(ENVIRON, callers=CALLERS, webhooks=webhooks)
    (first,) = await harness.ended(caller="t1")
    (second,) = await harness.ended(caller="t2")
    told = {(sent.url, sent.event["data"]["id"]) for sent in harness.receiver.sent}
    assert told == {(URL, first), (OTHER["url"], first), (OTHER["url"], second)}


@pytest.mark.parametrize(
    ("state", "type"),
    [
        ({"status": "SUCCEEDED"}, "video.completed"),
        ({"status": "FAILED", "failure": "x"}, "video.failed"),
        ({"status": "CANCELLED"}, "video.failed"),
    ],
)
@in_a_loop
async def test_what_an_end_is_called(state: dict[str, object], type: str) -> None:
    harness = WebhookHarness()
    video_id = await harness.create()
    harness.set(**state)
    await harness.video("GET", f"/{video_id}")
    await settle()
    assert [sent.event["type"] for sent in harness.receiver.sent] == [type]


@in_a_loop
async def test_a_video_that_its_client_deletes_is_not_told_of() -> None:
    harness = WebhookHarness()
    video_id = await harness.create()
    await harness.video("DELETE", f"/{video_id}")
    await harness.pass_time(10)
    assert harness.receiver.sent == []


@in_a_loop
async def test_a_new_configuration_keeps_what_is_due() -> None:
    harness = WebhookHarness(webhooks=[HOOK, OTHER])
    harness.receiver.problems.extend(["HTTP 500"] * 2)
    await harness.ended()
    new = "whsec_" + "A" * 32
    configure(harness, HOOK | {"secret": new})
    await harness.pass_time(30)
    again = harness.receiver.sent[2:]
    assert [sent.url for sent in again] == [URL]
    before = harness.receiver.sent[0].headers
    assert again[0].headers["webhook-id"] == before["webhook-id"]
    assert again[0].headers["webhook-signature"] != before["webhook-signature"]


@in_a_loop
async def test_what_is_due_to_a_webhook_that_is_taken_out_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    harness = WebhookHarness()
    harness.receiver.problems.extend(["HTTP 500"] * 3)
    await harness.ended(3)
    configure(harness)
    assert (
        "webhook: hooks.example is not told of the end of 3 videos: the webhook is not configured any more"
        in caplog.messages
    )
    await harness.ended()
    await harness.pass_time(100)
    assert len(harness.receiver.sent) == 3


@in_a_loop
async def test_a_webhook_that_comes_later_is_told() -> None:
    harness = WebhookHarness(webhooks=[])
    await harness.ended()
    configure(harness, OTHER)
    (video_id,) = await harness.ended()
    assert [sent.event["data"]["id"] for sent in harness.receiver.sent] == [video_id]


@in_a_loop
async def test_at_the_end_all_that_is_due_is_tried_once_more(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    harness = WebhookHarness()
    harness.receiver.problems.extend(["HTTP 500"] * 4)
    ids = await harness.ended(3)
    unfinished = await harness.create()
    await harness.service.flush_events(5)
    assert len(harness.receiver.sent) == 6
    assert harness.receiver.sent[3].headers["webhook-id"] in {
        sent.headers["webhook-id"] for sent in harness.receiver.sent[:3]
    }
    lost = [line for line in caplog.messages if "is not told" in line]
    assert len(lost) == 1
    assert any(video_id in lost[0] for video_id in ids)
    assert (
        "webhooks: the process ends; not delivered: 0 events; waited for no more: the ends of 1 video"
        in caplog.messages
    )
    harness.set(status="SUCCEEDED")
    await harness.video("GET", f"/{unfinished}")
    await harness.service.close()
    assert len(harness.receiver.sent) == 6
    assert harness.receiver.closed
    assert harness.sleepers == 0


@in_a_loop
async def test_the_end_does_not_wait_long(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    harness = WebhookHarness()
    harness.receiver.takes.clear()
    await harness.ended()
    async with asyncio.timeout(10):
        await harness.service.flush_events(0.01)
    assert any("not delivered: 1 event;" in line for line in caplog.messages)


def test_an_event_has_one_id_in_every_process() -> None:
    found = event_id("a", "task-1", "video.completed")
    assert found == event_id("a", "task-1", "video.completed")
    assert found.startswith("evt_")
    assert len(found) == 36
    others = {event_id(*each) for each in (("b", "task-1", "x"), ("a", "task-2", "x"), ("a", "task-1", "x"))}
    assert len(others | {found}) == 4

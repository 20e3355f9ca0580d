"""What a video costs, as clients and the operator are told: estimated at its create, final at its end."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import pytest

from runway_videos.openai.messages import Answer
from unit.config.option_values import settings_from
from unit.fake_runway import KEYS, ServiceHarness, ok
from unit.loopback import in_a_loop

SEEDANCE = b'{"prompt": "a cat", "model": "seedance2_5", "size": "1280x720", "seconds": 4}'
DONE = {
    "status": "SUCCEEDED",
    "output": ["https://files.example/v.mp4?Signature=s"],
    "cost": {"credits": 25.5},
}


async def cost(
    harness: ServiceHarness,
    method: str,
    path: str = "",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> str | None:
    """The header of an answer."""
    answer = await harness.ask(method, path, body, headers=headers)
    assert isinstance(answer, Answer)
    assert answer.status == 200
    assert b"credits" not in answer.body  # nothing is added to OpenAI's shape
    return answer.headers.get("x-runway-credits")


def restarted(before: ServiceHarness) -> ServiceHarness:
    """Another process with the same configuration and the same Runway."""
    after = ServiceHarness()
    after.now = before.now
    after.runway.tasks, after.runway.made_with = before.runway.tasks, before.runway.made_with
    return after


@pytest.mark.parametrize(
    ("estimate", "body", "header"),
    [
        ({"estimatedCost": {"credits": 130}}, SEEDANCE, "130"),
        ({}, SEEDANCE, "120"),
        ({}, b'{"prompt": "a cat", "model": "kling_4"}', None),
    ],
)
@in_a_loop
async def test_the_answer_to_a_create_says_about_what_it_costs(
    estimate: dict[str, object], body: bytes, header: str | None
) -> None:
    harness = ServiceHarness()
    harness.runway.next["create"].append(ok({"id": "task-1", **estimate}))
    assert await cost(harness, "POST", "", body) == header


@in_a_loop
async def test_a_retry_is_told_the_cost_of_its_first_attempt() -> None:
    harness = ServiceHarness()
    harness.runway.next["create"].append(ok({"id": "task-1", "estimatedCost": {"credits": 130}}))
    key = {"idempotency-key": "k"}
    assert await cost(harness, "POST", "", SEEDANCE, key) == "130"
    assert await cost(harness, "POST", "", SEEDANCE, key) == "130"
    assert harness.runway.times("create") == 1


@in_a_loop
async def test_what_runway_says_is_expected_of_the_next_create_also_under_other_options(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    harness = ServiceHarness()
    for number in range(3):
        harness.runway.next["create"].append(ok({"id": f"t{number}", "estimatedCost": {"credits": 200}}))
        await harness.create(SEEDANCE)
        harness.service.reconfigure(
            settings_from(KEYS, keys=[{"name": "a", "value": "env.A"}], poll_seconds=number + 1)
        )
    creating = [line.rpartition(", ")[2] for line in caplog.messages if line.startswith("creating")]
    assert creating == ["about 120 credits", "about 200 credits", "about 200 credits"]
    told = [line for line in caplog.messages if line.startswith("the price")]
    assert told == [
        "the price of seedance2_5 at 720p is 50 credits a second by Runway's estimate, "
        "not 30: it is expected from now on"
    ]


@in_a_loop
async def test_a_remix_is_expected_to_cost_what_its_originals_length_does(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    harness = ServiceHarness()
    original = await harness.create(b'{"prompt": "a cat", "model": "gen4.5", "seconds": 8}')
    harness.set(**DONE)
    harness.runway.next["create"].append(ok({"id": "task-1"}))
    assert await cost(harness, "POST", f"/{original}/remix", b'{"prompt": "in the rain"}') == "224"
    (line,) = [each for each in caplog.messages if each.startswith("creating") and "aleph2" in each]
    assert line.endswith(", about 224 credits")


@in_a_loop
async def test_a_finished_video_says_what_it_cost_and_an_unfinished_one_does_not() -> None:
    harness = ServiceHarness()
    path = f"/{await harness.create()}"
    assert await cost(harness, "GET", path) is None
    harness.set(**DONE)
    harness.now += 10
    assert await cost(harness, "GET", path) == "25.5"
    asked = harness.runway.times("get")
    assert await cost(harness, "GET", path) == "25.5"
    assert harness.runway.times("get") == asked  # from memory
    harness.set(status="RUNNING", cost=None)
    harness.now += 400
    assert await cost(harness, "GET", path) == "25.5"  # an end stays one, with its cost
    assert harness.runway.times("get") == asked + 1


@pytest.mark.parametrize(
    ("end", "header"),
    [
        ({"status": "FAILED", "cost": {"credits": 0}}, "0"),
        ({"status": "CANCELLED", "cost": {"credits": 12}}, "12"),
        ({"status": "SUCCEEDED", "output": []}, None),
    ],
)
@in_a_loop
async def test_an_ended_video_costs_what_runway_says(end: dict[str, object], header: str | None) -> None:
    harness = ServiceHarness()
    path = f"/{await harness.create()}"
    harness.set(**end)
    assert await cost(harness, "GET", path) == header


@in_a_loop
async def test_after_a_restart_the_cost_comes_from_the_task_and_the_line_says_who_created_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    harness = ServiceHarness()
    path = f"/{await harness.create()}"
    harness.set(**DONE)
    assert await cost(harness, "GET", path) == "25.5"
    assert await cost(restarted(harness), "GET", path) == "25.5"
    here, elsewhere = [line for line in caplog.messages if line.startswith("completed")]
    assert "created by" not in here
    assert "25.5 credits" in here
    assert "25.5 credits" in elsewhere
    assert elsewhere.endswith(", created by another process")

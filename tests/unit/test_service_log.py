"""What is said of a create: in the log, in headers, in its answer."""

from __future__ import annotations

import json
import logging

import pytest

from runway_videos.errors import ApiError
from runway_videos.openai.messages import Answer
from runway_videos.upstream.client import Reply
from unit.fake_runway import ServiceHarness
from unit.loopback import in_a_loop

PRIVATE = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}
HEADERS = {"content-type": "application/json", "openai-poll-after-ms": "5000", **PRIVATE}


@in_a_loop
async def test_a_create_whose_size_is_not_made_says_what_was_asked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await ServiceHarness().create(b'{"prompt": "a cat", "model": "sora-2", "size": "1024x1792"}')
    before = next(line for line in caplog.messages if line.startswith("creating:"))
    assert "1080x1920 (asked 1024x1792)" in before


@in_a_loop
async def test_a_create_is_a_line_before_and_one_after_without_the_prompt(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    harness = ServiceHarness({"T1": "tok_1"}, callers=[{"name": "T1", "value": "env.T1"}])
    harness.runway.next["create"].append(Reply(200, b'{"id": "t\\n1", "estimatedCost": {"credits": 65}}'))
    await harness.create(b'{"prompt": "a secret cat", "model": "sora-2"}', caller="T1")
    before, line = [each.getMessage() for each in caplog.records if each.name == "runway"]
    assert before == (
        "creating: sora-2 → seedance2_mini, text_to_video, 4 s, 720x1280, caller T1, key a, about 64 credits"
    )
    for part in ("created", "seedance2_mini", "4 s", "720x1280", "T1", "key a", "65 credits", "t\\n1"):
        assert part in line
    assert "cat" not in caplog.text
    assert "key_" not in caplog.text
    assert "tok_" not in caplog.text


@in_a_loop
async def test_what_an_alias_made_of_it_is_in_headers_and_log_and_the_video_keeps_what_was_asked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    harness = ServiceHarness()
    answer = await harness.ask("POST", "", b'{"prompt": "a cat", "model": "sora-2-pro", "size": "1024x1792"}')
    assert isinstance(answer, Answer)
    made = {"x-runway-model": "seedance2_5", "x-runway-size": "1080x1920"}
    assert made.items() <= answer.headers.items()
    video = json.loads(answer.body)
    harness.set(status="SUCCEEDED", output=["https://x/v.mp4"])
    status = await harness.ask("GET", f"/{video['id']}")
    assert isinstance(status, Answer)
    assert made.items() <= status.headers.items()
    # Another process opens the id and says the same; what was made it cannot know.
    later = ServiceHarness()
    later.runway.made({"status": "SUCCEEDED", "output": ["https://x/v.mp4"]})
    again = await later.ask("GET", f"/{video['id']}")
    assert isinstance(again, Answer)
    assert made.keys().isdisjoint(again.headers)
    for body in (video, json.loads(status.body), json.loads(again.body)):
        assert (body["model"], body["seconds"], body["size"]) == ("sora-2-pro", "4", "1024x1792")
    ended = [line for line in caplog.messages if line.startswith(("created:", "completed:"))]
    assert ["1080x1920 (asked 1024x1792)" in line for line in ended] == [True, True, False]


@in_a_loop
async def test_a_name_of_runways_says_by_itself_what_is_made() -> None:
    for model in ("gen4.5", "runway/gen4.5", "openai/gen4.5"):
        answer = await ServiceHarness().ask("POST", "", json.dumps({"prompt": "p", "model": model}).encode())
        assert isinstance(answer, Answer)
        assert "x-runway-model" not in answer.headers
        assert json.loads(answer.body)["model"] == model


@in_a_loop
async def test_an_alias_takes_the_first_of_its_models_with_a_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    harness = ServiceHarness(keys=[{"name": "a", "value": "env.A", "models": ["*_5"]}])
    await harness.create(b'{"prompt": "a cat", "model": "sora-2"}')
    assert harness.runway.bodies[-1]["model"] == "seedance2_5"
    assert any(line.startswith("creating: sora-2 → seedance2_5, ") for line in caplog.messages)
    harness = ServiceHarness(keys=[{"name": "a", "value": "env.A", "models": ["gen4*"]}])
    with pytest.raises(ApiError) as caught:
        await harness.ask("POST", "", b'{"prompt": "a cat", "model": "sora-2"}')
    error = caught.value
    assert (error.status, error.code, error.param) == (403, "model_not_available", "model")
    assert "seedance2_mini" in error.message

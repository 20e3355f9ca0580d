"""What a task that was made will cost: as Runway estimates, else as it was expected."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos.events import CreateSending
from runway_videos.translate.task_call import TaskCall
from runway_videos.upstream.client import Reply
from runway_videos.upstream.submit import SubmittedTask
from unit.upstream.submit_harness import MODEL, VIDEO, SubmitHarness


@pytest.mark.parametrize("credits", ['"many"', "true", "null", "{}"])
def test_an_odd_price_is_no_reason_to_lose_a_task(credits: str) -> None:
    harness = SubmitHarness().plan(
        "create", Reply(200, b'{"id":"t","estimatedCost":{"credits":%s}}' % credits.encode())
    )
    assert harness.submit() == SubmittedTask("a", "t", None)


def test_without_an_estimate_a_task_costs_what_was_expected() -> None:
    harness = SubmitHarness().plan("create", Reply(200, b'{"id": "t"}'))
    call = TaskCall("text_to_video", MODEL, {"promptText": "a cat", "ratio": "1280:720", "duration": 5})
    assert asyncio.run(harness.submitter.submit(call, VIDEO, harness.sending)) == SubmittedTask("a", "t", 60)
    assert harness.events[0] == CreateSending(VIDEO, "a", 60)

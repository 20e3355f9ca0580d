"""A caller with limits, its creates, and what is told of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runway_videos.errors import ApiError
from runway_videos.openai import routes
from runway_videos.openai.messages import Answer, Call
from runway_videos.upstream.client import Reply
from unit.fake_runway import ServiceHarness

# 30 credits a second at 720p.
BODY = b'{"prompt": "a cat", "model": "seedance2_5", "size": "1280x720", "seconds": 4}'
RETRY = {"x-stainless-retry-count": "1"}
DONE = {"status": "SUCCEEDED", "output": ["https://files.example/v.mp4"], "cost": {"credits": 100}}
NO_CREDITS = Reply(400, b'{"error": "You do not have enough credits to run this task."}')


def caller(**limits: object) -> list[dict[str, object]]:
    return [{"name": "app", "value": "tok_a", **limits}, {"name": "other", "value": "tok_o"}]


def limited(**limits: object) -> ServiceHarness:
    return ServiceHarness(callers=caller(**limits))


async def create(harness: ServiceHarness, body: bytes = BODY, who: str = "app", **more: Any) -> str:
    return await harness.create(body, caller=who, **more)


async def refused(harness: ServiceHarness, body: bytes = BODY, **more: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await create(harness, body, **more)
    return caught.value


async def usage(harness: ServiceHarness, who: str = "app") -> dict[str, Any]:
    route = routes.find_own("GET", "/runway/usage?x=1")
    assert route is not None
    answer = await harness.service.handle(Call(route, {}, {}, b"", who, lambda: False))
    assert isinstance(answer, Answer)
    assert answer.headers["cache-control"] == "private, no-store"
    found: dict[str, Any] = json.loads(answer.body)
    return found


async def sums(harness: ServiceHarness, who: str = "app") -> tuple[int, float, int]:
    found = await usage(harness, who)
    return found["videos"], found["credits"], found["unfinished"]

"""Finished videos, and calls that make another of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from runway_videos.errors import ApiError
from unit.fake_runway import ServiceHarness

LINK = "https://cdn.example/outputs/v.mp4?Expires=1&Key-Pair-Id=K&Signature=signed-1"
FRESH = LINK.replace("signed-1", "signed-2")


def body(**fields: object) -> bytes:
    """A JSON body."""
    return msgspec.json.encode(fields)


async def finished(harness: ServiceHarness, caller: str = "", **fields: object) -> str:
    """The id of a finished video, whose output is at LINK."""
    video_id = await harness.create(body(**{"prompt": "a cat", **fields}), caller=caller)
    task = next(reversed(harness.runway.tasks.values()))
    task.update({"status": "SUCCEEDED", "output": [LINK], "cost": {"credits": 25}})
    return video_id


async def remixed(harness: ServiceHarness, video_id: str, **fields: object) -> dict[str, Any]:
    """The answer to a remix."""
    return await harness.video("POST", f"/{video_id}/remix", body(**{"prompt": "in the rain", **fields}))


async def refused(
    harness: ServiceHarness, path: str, status: int, caller: str = "", **fields: object
) -> ApiError:
    """The refusal of a POST, with which nothing was made."""
    made = harness.runway.times("create")
    with pytest.raises(ApiError) as caught:
        await harness.ask("POST", path, body(**fields), caller=caller)
    assert (caught.value.status, caught.value.may_have_made) == (status, False)
    assert harness.runway.times("create") == made
    return caught.value

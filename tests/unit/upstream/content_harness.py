"""Downloads from a harness: a finished video, its link, its refusal."""

from __future__ import annotations

import pytest

from runway_videos.errors import ApiError, render
from runway_videos.openai.messages import Download
from unit.fake_runway import ServiceHarness

LINK = "https://files.example/v.mp4?Expires=1&Signature=hush~-_&Key-Pair-Id=K"
OTHER = "https://files.example/v.mp4?Expires=2&Signature=hush2"
DONE = {"status": "SUCCEEDED", "output": [LINK]}


async def finished(harness: ServiceHarness, **state: object) -> str:
    video_id = await harness.create()
    harness.set(**{**DONE, **state})
    return video_id


async def download(
    harness: ServiceHarness, video_id: str, end: str = "", headers: dict[str, str] | None = None
) -> Download:
    found = await harness.ask("GET", f"/{video_id}/content{end}", headers=headers)
    assert isinstance(found, Download)
    return found


async def refused(harness: ServiceHarness, path: str, status: int, caller: str = "") -> ApiError:
    with pytest.raises(ApiError) as caught:
        await harness.ask("GET", path, caller=caller)
    error = caught.value
    assert error.status == status
    assert "hush" not in str(render(error)) + error.detail
    return error

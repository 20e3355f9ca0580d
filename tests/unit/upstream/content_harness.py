"""Downloads from a desk: a finished video, its link, its refusal."""

from __future__ import annotations

import pytest

from runway_videos.errors import ApiError, render
from runway_videos.openai.messages import Download
from unit.fake_runway import Desk

LINK = "https://files.example/v.mp4?Expires=1&Signature=hush~-_&Key-Pair-Id=K"
OTHER = "https://files.example/v.mp4?Expires=2&Signature=hush2"
DONE = {"status": "SUCCEEDED", "output": [LINK]}


async def finished(desk: Desk, **state: object) -> str:
    video_id = await desk.create()
    desk.set(**{**DONE, **state})
    return video_id


async def download(
    desk: Desk, video_id: str, end: str = "", headers: dict[str, str] | None = None
) -> Download:
    found = await desk.ask("GET", f"/{video_id}/content{end}", headers=headers)
    assert isinstance(found, Download)
    return found


async def refused(desk: Desk, path: str, status: int, caller: str = "") -> ApiError:
    with pytest.raises(ApiError) as caught:
        await desk.ask("GET", path, caller=caller)
    error = caught.value
    assert error.status == status
    assert "hush" not in str(render(error)) + error.detail
    return error

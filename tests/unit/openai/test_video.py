"""Videos and deletions are what OpenAI's own types and strictest readers take."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import openai.types
import pytest

from runway_videos.openai.video import KEPT_SECONDS, Deleted, Status, Video, VideoError, encode

pytestmark = pytest.mark.dependencies


def video(**more: Any) -> Video:
    plain = Video(
        id="video_rw1",
        model="sora-2",
        status="queued",
        progress=0,
        created_at=5,
        size="720x1280",
        seconds="4",
    )
    return msgspec.structs.replace(plain, **more)


def test_every_key_is_there_in_openais_order_with_nulls() -> None:
    assert json.loads(encode(video())) == {
        "id": "video_rw1",
        "object": "video",
        "model": "sora-2",
        "status": "queued",
        "progress": 0,
        "created_at": 5,
        "completed_at": None,
        "expires_at": None,
        "prompt": None,
        "size": "720x1280",
        "seconds": "4",
        "remixed_from_video_id": None,
        "error": None,
    }


@pytest.mark.parametrize("status", ["queued", "in_progress", "completed", "failed"])
def test_openais_own_type_takes_it_strictly(status: Status) -> None:
    error = VideoError("SAFETY", "No.") if status == "failed" else None
    made = video(status=status, completed_at=9, expires_at=9 + KEPT_SECONDS, prompt="a “cat”\n", error=error)
    found = openai.types.Video.model_validate_json(encode(made), strict=True)
    assert found.model_dump(exclude_unset=True) == json.loads(encode(made))
    assert KEPT_SECONDS == 86400


def test_the_json_of_a_deletion() -> None:
    body = encode(Deleted(id="video_rw1"))
    assert json.loads(body) == {"id": "video_rw1", "object": "video.deleted", "deleted": True}
    assert openai.types.VideoDeleteResponse.model_validate_json(body, strict=True).deleted


def test_a_video_is_not_changed_but_made_anew() -> None:
    with pytest.raises(AttributeError):
        video().progress = 5  # type: ignore[misc]

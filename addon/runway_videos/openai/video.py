"""OpenAI's JSON of a video, of a list of them and of a deletion (OpenAI's OpenAPI 2.3.0, `VideoResource`)."""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal["queued", "in_progress", "completed", "failed"]

#: How long OpenAI kept a finished video, in seconds; Runway's links live 24 to 48 hours.
KEPT_SECONDS = 24 * 3600


class VideoError(msgspec.Struct, frozen=True):
    """Why a video failed."""

    code: str
    message: str


class Video(msgspec.Struct, frozen=True, kw_only=True):
    """A video as clients get it. Every key is in every answer; times are unix seconds."""

    id: str
    object: Literal["video"] = "video"
    model: str
    status: Status
    progress: int
    created_at: int
    completed_at: int | None = None
    expires_at: int | None = None
    prompt: str | None = None
    size: str
    seconds: str
    remixed_from_video_id: str | None = None
    error: VideoError | None = None


class VideoList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of videos, each as its JSON; the ids are None where it is empty."""

    object: Literal["list"] = "list"
    data: list[msgspec.Raw]
    first_id: str | None
    last_id: str | None
    has_more: bool


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a deletion."""

    id: str
    object: Literal["video.deleted"] = "video.deleted"
    deleted: bool = True


encode = msgspec.json.Encoder().encode
decode_video = msgspec.json.Decoder(Video).decode

"""Calls that are ours and that no operation serves: each is told what there is instead."""

from __future__ import annotations

from runway_videos.errors import ApiError
from runway_videos.openai.messages import Answer, Call

_NAMES = {
    "list": "Listing videos",
    "remix": "Remixing a video",
    "edits": "Editing a video",
    "extensions": "Extending a video",
    "characters": "Using characters",
}


async def unsupported(call: Call) -> Answer:
    """Raises ApiError 400: an operation of OpenAI's API that is not built."""
    raise ApiError(
        400,
        f"{_NAMES[call.route.name]} is not supported by this proxy; it can create, retrieve, "
        "download and delete videos.",
        code="unsupported_operation",
    )


async def method_not_allowed(call: Call) -> Answer:
    """Raises ApiError 405: no operation of OpenAI's API."""
    raise wrong_method()


def wrong_method() -> ApiError:
    """For a method that no operation has."""
    return ApiError(
        405,
        "There is no such operation on a video: POST /v1/videos, GET or DELETE /v1/videos/{id}, "
        "GET /v1/videos/{id}/content.",
        code="method_not_allowed",
    )

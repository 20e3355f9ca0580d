"""Calls that are ours and that no operation serves: each is told what there is instead."""

from __future__ import annotations

from runway_videos.errors import ApiError

_NAMES = {
    "list": "Listing videos",
    "remix": "Remixing a video",
    "edits": "Editing a video",
    "extensions": "Extending a video",
    "characters": "Using characters",
}


def unsupported(name: str) -> ApiError:
    """For an operation of OpenAI's API that is not built."""
    return ApiError(
        400,
        f"{_NAMES[name]} is not supported by this proxy; it can create, retrieve, "
        "download and delete videos.",
        code="unsupported_operation",
    )


def wrong_method(allow: tuple[str, ...] = ()) -> ApiError:
    """For a method that no operation has; `allow`: those that the path has."""
    return ApiError(
        405,
        "There is no such operation on a video: POST /v1/videos, GET or DELETE /v1/videos/{id}, "
        "GET /v1/videos/{id}/content.",
        code="method_not_allowed",
        headers={"allow": ", ".join(allow)} if allow else {},
    )

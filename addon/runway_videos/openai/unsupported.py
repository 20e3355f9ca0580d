"""Refusals of calls that are ours and that no operation serves; each names what is supported."""

from __future__ import annotations

from runway_videos.errors import ApiError

_DESCRIPTIONS = {
    "remix": "Remixing a video",
    "edits": "Editing a video",
    "extensions": "Extending a video",
    "characters": "Using characters",
}


def unsupported(name: str) -> ApiError:
    """The 400 for an operation of OpenAI's API that is not implemented."""
    return ApiError(
        400,
        f"{_DESCRIPTIONS[name]} is not supported by this proxy; it can create, list, "
        "retrieve, download and delete videos.",
        code="unsupported_operation",
    )


def wrong_method(allow: tuple[str, ...] = ()) -> ApiError:
    """The 405 for a method that no operation has; `allow`: the methods of the path."""
    return ApiError(
        405,
        "There is no such operation on a video: POST /v1/videos, GET or DELETE /v1/videos/{id}, "
        "GET /v1/videos/{id}/content.",
        code="method_not_allowed",
        headers={"allow": ", ".join(allow)} if allow else {},
    )

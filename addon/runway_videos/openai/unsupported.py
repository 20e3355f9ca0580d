"""Refusals of calls that are ours and that no operation serves; each names what is supported."""

from __future__ import annotations

from runway_videos.errors import ApiError


def unsupported() -> ApiError:
    """The 400 for characters, the one operation of OpenAI's API that Runway has nothing like."""
    return ApiError(
        400,
        "Runway has no characters to keep. To have the same person or thing in several videos, give "
        'pictures of it with each create, in `reference_images` ([{"uri": "https://…"}]).',
        code="unsupported_operation",
    )


def wrong_method(allow: tuple[str, ...] = ()) -> ApiError:
    """The 405 for a method that no operation has; `allow`: the methods of the path."""
    return ApiError(
        405,
        "There is no such operation on a video: POST /v1/videos, GET or DELETE /v1/videos/{id}, "
        "GET /v1/videos/{id}/content, POST /v1/videos/{id}/remix, /v1/videos/edits, /v1/videos/extensions.",
        code="method_not_allowed",
        headers={"allow": ", ".join(allow)} if allow else {},
    )

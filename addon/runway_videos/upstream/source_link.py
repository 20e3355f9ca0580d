"""The link to a finished video's output, for Runway to make another video from."""

from __future__ import annotations

from runway_videos.errors import ApiError
from runway_videos.runtime import RequestedVideo, Runtime
from runway_videos.upstream.output_links import is_output_link
from runway_videos.upstream.poll import Poller, fresh_status, unreachable

_SANDBOX = "http://localhost"


async def source_link(runtime: Runtime, poller: Poller, video: RequestedVideo) -> str:
    """A signed link that Runway has just made: an older one may expire before it is used.

    Raises ApiError: 400 for a video that is not finished, failed or is gone; 503 where Runway
    cannot be asked. Nothing is paid by asking.
    """
    seen = fresh_status(runtime, video.record)
    if seen is not None:
        _check_done(seen.status, seen.progress, seen.error)
    try:
        result = await poller.poll(runtime, video)
    except ApiError as error:
        raise _gone(video.video_id) if error.status == 404 else error from None
    if result.from_memory:
        raise unreachable("a link is not kept")
    _check_done(result.cached.status, result.cached.progress, result.cached.error)
    base_url = _SANDBOX if runtime.settings.sandbox else runtime.settings.base_url
    link = next((url for url in result.outputs if is_output_link(url, base_url)), None)
    if link is None:
        raise ApiError(
            503,
            "The source video is finished, but Runway names no file for it now; nothing was made, try again.",
            code="content_unavailable",
            retry_after=5,
        )
    return link


def _check_done(status: str, progress: int, error: str | None) -> None:
    if status == "failed":
        raise ApiError(
            400,
            f"The source video failed, so nothing can be made from it: {error or 'no reason was given'}",
            code="video_failed",
        )
    if status != "completed":
        raise ApiError(
            400,
            f"The source video is not finished: it is {status}, {progress} %. Ask again when "
            "GET /v1/videos/{id} says `completed`.",
            code="video_not_ready",
        )


def _gone(video_id: str) -> ApiError:
    return ApiError(
        400,
        f"Runway does not have the source video {video_id} any more: it was deleted, or is too old.",
        code="video_gone",
    )

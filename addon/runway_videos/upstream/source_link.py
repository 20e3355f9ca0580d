"""The link to a finished video's output, for Runway to make another video from."""

from __future__ import annotations

from runway_videos.errors import ApiError, bad_request
from runway_videos.runtime import CachedStatus, RequestedVideo, Runtime
from runway_videos.upstream.output_links import is_output_link
from runway_videos.upstream.poll import Poller, fresh_status, unreachable

_SANDBOX = "http://localhost"


async def source_link(runtime: Runtime, poller: Poller, video: RequestedVideo, param: str) -> str:
    """A signed link that Runway has just made: an older one may expire before it is used.

    `param` is what the client named the video in. Raises ApiError: 400 for a video that is not
    finished, failed or is gone; 503 where Runway cannot be asked. Nothing is paid by asking.
    """
    seen = fresh_status(runtime, video.record)
    if seen is not None:
        _check_done(seen, video.video_id, param)
    try:
        result = await poller.poll(runtime, video)
    except ApiError as error:
        raise _gone(video.video_id, param) if error.status == 404 else error from None
    if result.from_memory:
        raise unreachable("a link is not kept")
    _check_done(result.cached, video.video_id, param)
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


def _check_done(cached: CachedStatus, video_id: str, param: str) -> None:
    if cached.status == "failed":
        raise bad_request(
            f"The source video failed, so nothing can be made from it: {cached.error or 'nobody says why'}",
            param,
            "video_failed",
        )
    if cached.status != "completed":
        raise bad_request(
            f"The source video is not finished: it is {cached.status}, {cached.progress} %. Ask again when "
            f"GET /v1/videos/{video_id} says `completed`.",
            param,
            "video_not_ready",
        )


def _gone(video_id: str, param: str) -> ApiError:
    return bad_request(
        f"Runway does not have the source video {video_id} any more: it was deleted, or is too old.",
        param,
        "video_gone",
    )

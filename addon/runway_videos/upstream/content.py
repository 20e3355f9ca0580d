"""A finished video's bytes: a link that works, for the addon to stream or the client to follow."""

from __future__ import annotations

from runway_videos import events
from runway_videos.errors import ApiError, bad_request
from runway_videos.openai.messages import Answer, Call, Download
from runway_videos.previews.maker import PictureMaker, Write
from runway_videos.previews.pictures import PICTURES, answer
from runway_videos.runtime import CachedStatus, RequestedVideo, Runtime
from runway_videos.upstream.client import NotSentError, UnknownOutcomeError
from runway_videos.upstream.output_links import is_output_link
from runway_videos.upstream.poll import Poller, fresh_status, unreachable

# Nothing else of the client's request goes to the file store.
_KEPT_REQUEST_HEADERS = ("range", "if-range")
_SANDBOX = "http://localhost"


class Content:
    """Serves `GET /v1/videos/{id}/content`."""

    def __init__(self, poller: Poller, pictures: PictureMaker) -> None:
        self._poller = poller
        self._pictures = pictures

    async def content(self, runtime: Runtime, call: Call) -> Answer | Download:
        """The link to the video's bytes, or a picture of it.

        ApiError 404 before the video is finished, 400 where it failed.
        """
        variant = call.query.get("variant") or "video"
        if variant in PICTURES:
            return await self._picture(runtime, call, variant)
        if variant != "video":
            raise bad_request(
                f"There is no variant {variant[:40]!r}: say video, {' or '.join(PICTURES)}, or leave it out.",
                "variant",
            )
        video = runtime.video(call.route.video_id, call.caller)
        link = runtime.videos.url(video.record) or await self._link(runtime, video)
        headers = runtime.content_headers | video.made_headers
        if runtime.settings.content == "redirect":
            return Answer(302, {"location": link, **headers}, b"")
        kept = {name: call.headers[name] for name in _KEPT_REQUEST_HEADERS if name in call.headers}
        return Download(link, kept, headers, video.task)

    async def _picture(self, runtime: Runtime, call: Call, name: str) -> Answer:
        self._pictures.check_installed()
        video = runtime.video(call.route.video_id, call.caller)
        # Also where the picture is in memory: the video may have been deleted since.
        _check_done(await self._poller.status(runtime, video), video.video_id)
        found = await self._pictures.picture(
            video.task, call.caller, name, lambda write: self._read(runtime, video, write), runtime.events
        )
        return answer(found, call.method, call.headers, runtime.content_headers)

    async def _read(self, runtime: Runtime, video: RequestedVideo, write: Write) -> None:
        """Gives the video's bytes to `write`. Raises ApiError, and what `write` raises."""
        link = runtime.videos.url(video.record) or await self._link(runtime, video)
        try:
            await runtime.client.read_file(link, write)
        except (NotSentError, UnknownOutcomeError) as error:
            problem = type(error.__cause__).__name__ if error.__cause__ else str(error)
            link_failed(runtime, Download(link, {}, {}, video.task), problem)
            raise content_unavailable() from error

    async def _link(self, runtime: Runtime, video: RequestedVideo) -> str:
        """A link that has just worked. One that does not is asked for anew, once.

        Tried before it is used: once the bytes are asked for, nothing else can be answered.
        """
        cached = fresh_status(runtime, video.record)
        if cached is not None:
            _check_done(cached, video.video_id)
        problem = ""
        for _ in range(2):
            result = await self._poller.poll(runtime, video)
            _check_done(result.cached, video.video_id)
            if result.from_memory:
                raise unreachable("a link is not kept")
            if result.kept:
                raise _no_link_now()
            settings = runtime.settings
            base_url = _SANDBOX if settings.sandbox else settings.base_url
            link = next((url for url in result.outputs if is_output_link(url, base_url)), None)
            if link is None:
                problem = "there is no link to an output"
                continue
            try:
                status = await runtime.client.probe(link)
            except (NotSentError, UnknownOutcomeError) as error:
                # Its text may hold the host, never the path.
                problem = type(error.__cause__ or error).__name__
                continue
            if status in (200, 206):
                runtime.videos.keep_url(video.record, link)
                return link
            problem = f"HTTP {status}"
        runtime.events.emit(events.ContentFailed(video.task, problem, worked_before=False))
        raise content_unavailable()


def link_failed(runtime: Runtime, download: Download, problem: str) -> None:
    """A link that had worked within a minute does not any more: it is not used again."""
    runtime.events.emit(events.ContentFailed(download.task, problem, worked_before=True))
    record = runtime.videos.get(download.task)
    if record is not None and record.url == download.url:
        runtime.videos.drop_url(record)


def _no_link_now() -> ApiError:
    """For a finished video whose task names no output at the moment."""
    return ApiError(
        503,
        "The video is finished, but Runway names no file for it now; it is not lost, try again.",
        code="content_unavailable",
        retry_after=5,
    )


def content_unavailable() -> ApiError:
    """For a file store that does not give a video now."""
    return ApiError(
        502,
        "Runway does not give the video's bytes now; the video is not lost, try again.",
        code="content_unavailable",
    )


def _check_done(cached: CachedStatus, video_id: str) -> None:
    if cached.status == "failed":
        raise ApiError(
            400,
            f"The video failed and has no content: {cached.error or 'no reason was given'}",
            code="video_failed",
        )
    if cached.status != "completed":
        raise ApiError(
            404,
            f"Video is not ready yet, use GET /v1/videos/{video_id} to check status.",
            code="video_not_ready",
        )

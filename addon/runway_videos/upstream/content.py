"""A finished video's bytes: a link that works, for the door to stream or the client to follow."""

from __future__ import annotations

import re

from runway_videos.errors import ApiError, bad_request
from runway_videos.logs import escaped, log
from runway_videos.openai.messages import Answer, Call, Download
from runway_videos.runtime import CachedStatus, Runtime
from runway_videos.store.video_ids import VideoReference
from runway_videos.store.video_records import VideoRecord
from runway_videos.upstream.client import NotSentError, UnknownOutcomeError
from runway_videos.upstream.poll import Poller, unreachable

# Nothing else of the client's request goes to the file store.
_PASSED_ON = ("range", "if-range")
_LINK = re.compile(r"https?://[\x21-\x7e]+")


class Content:
    """Serves `GET /v1/videos/{id}/content`."""

    def __init__(self, runtime: Runtime, watcher: Poller) -> None:
        self._runtime = runtime
        self._poller = watcher

    async def content(self, call: Call) -> Answer | Download:
        """The link to the video's bytes. ApiError 404 before it is finished, 400 where it failed."""
        variant = call.query.get("variant") or "video"
        if variant != "video":
            raise bad_request(
                f"The variant {variant[:40]!r} is not available: Runway makes only the video. "
                "Leave variant out or say 'video'.",
                "variant",
            )
        video_id = call.route.video_id
        reference, record = self._poller.find(video_id, call.caller)
        link = self._runtime.videos.url(record) or await self._link(video_id, reference, record)
        mark = self._runtime.sandbox_headers()
        if self._runtime.settings.content == "redirect":
            return Answer(302, {"location": link, "cache-control": "no-store", **mark}, b"")
        passed = {name: call.headers[name] for name in _PASSED_ON if name in call.headers}
        return Download(link, passed, mark, reference.task)

    async def _link(self, video_id: str, reference: VideoReference, record: VideoRecord[CachedStatus]) -> str:
        """A link that has just worked. One that does not is asked for anew, once.

        Tried before it is used: once the bytes are asked for, nothing else can be answered.
        """
        cached = self._poller.cached_status(record)
        if cached is not None:
            _check_done(cached, video_id)
        problem = ""
        for _ in range(2):
            result = await self._poller.poll(video_id, reference, record)
            _check_done(result.cached, video_id)
            if result.from_memory:
                raise unreachable("a link is not kept")
            link = next((url for url in result.outputs if _LINK.fullmatch(url)), None)
            if link is None:
                problem = "there is no link to an output"
                continue
            try:
                status = await self._runtime.client.probe(link)
            except (NotSentError, UnknownOutcomeError) as error:
                # Its text may hold the host, never the path.
                problem = type(error.__cause__ or error).__name__
                continue
            if status in (200, 206):
                self._runtime.videos.keep_url(record, link)
                return link
            problem = f"HTTP {status}"
        log.warning("task %s: Runway does not give the video's bytes: %s", escaped(reference.task), problem)
        raise content_unavailable()

    def link_failed(self, download: Download, problem: str) -> None:
        """A link that had worked within a minute does not any more: it is not used again."""
        log.warning("task %s: Runway did not give the video's bytes: %s", escaped(download.task), problem)
        record = self._runtime.videos.get(download.task)
        if record is not None and record.url == download.url:
            self._runtime.videos.drop_url(record)


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

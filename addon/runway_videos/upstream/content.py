"""A finished video's bytes: a link that works, for the door to stream or the client to follow."""

from __future__ import annotations

import re

from runway_videos.errors import ApiError, bad_request
from runway_videos.logs import log, shown
from runway_videos.openai.messages import Answer, Call, Download
from runway_videos.runtime import Known, Parts
from runway_videos.store.video_ids import Ticket
from runway_videos.store.video_records import Memory
from runway_videos.upstream.client import NotSentError, UnknownOutcomeError
from runway_videos.upstream.poll import Watcher, unreachable

# Nothing else of the client's request goes to the file store.
_PASSED_ON = ("range", "if-range")
_LINK = re.compile(r"https?://[\x21-\x7e]+")


class Content:
    """Serves `GET /v1/videos/{id}/content`."""

    def __init__(self, parts: Parts, watcher: Watcher) -> None:
        self._parts = parts
        self._watcher = watcher

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
        ticket, memory = self._watcher.find(video_id, call.caller)
        link = self._parts.videos.url(memory) or await self._link(video_id, ticket, memory)
        mark = self._parts.sandbox_mark()
        if self._parts.settings.content == "redirect":
            return Answer(302, {"location": link, "cache-control": "no-store", **mark}, b"")
        passed = {name: call.headers[name] for name in _PASSED_ON if name in call.headers}
        return Download(link, passed, mark, ticket.task)

    async def _link(self, video_id: str, ticket: Ticket, memory: Memory[Known]) -> str:
        """A link that has just worked. One that does not is asked for anew, once.

        Tried before it is used: once the bytes are asked for, nothing else can be answered.
        """
        known = self._watcher.recent(memory)
        if known is not None:
            _check_done(known, video_id)
        problem = ""
        for _ in range(2):
            seen = await self._watcher.ask(video_id, ticket, memory)
            _check_done(seen.known, video_id)
            if seen.from_memory:
                raise unreachable("a link is not kept")
            link = next((url for url in seen.outputs if _LINK.fullmatch(url)), None)
            if link is None:
                problem = "there is no link to an output"
                continue
            try:
                status = await self._parts.api.probe(link)
            except (NotSentError, UnknownOutcomeError) as error:
                # Its text may hold the host, never the path.
                problem = type(error.__cause__ or error).__name__
                continue
            if status in (200, 206):
                self._parts.videos.keep_url(memory, link)
                return link
            problem = f"HTTP {status}"
        log.warning("task %s: Runway does not give the video's bytes: %s", shown(ticket.task), problem)
        raise content_unavailable()

    def link_failed(self, download: Download, problem: str) -> None:
        """A link that had worked within a minute does not any more: it is not used again."""
        log.warning("task %s: Runway did not give the video's bytes: %s", shown(download.task), problem)
        memory = self._parts.videos.get(download.task)
        if memory is not None and memory.url == download.url:
            self._parts.videos.drop_url(memory)


def content_unavailable() -> ApiError:
    """For a file store that does not give a video now."""
    return ApiError(
        502,
        "Runway does not give the video's bytes now; the video is not lost, try again.",
        code="content_unavailable",
    )


def _check_done(known: Known, video_id: str) -> None:
    if known.status == "failed":
        raise ApiError(
            400,
            f"The video failed and has no content: {known.error or 'no reason was given'}",
            code="video_failed",
        )
    if known.status != "completed":
        raise ApiError(
            404,
            f"Video is not ready yet, use GET /v1/videos/{video_id} to check status.",
            code="video_not_ready",
        )

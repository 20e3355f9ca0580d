"""A video's status, and its end by its client's hand."""

from __future__ import annotations

from runway_videos.openai.messages import Answer, Call
from runway_videos.openai.refusals import wrong_method
from runway_videos.openai.video import Deleted, encode
from runway_videos.runtime import Runtime
from runway_videos.upstream.held_polls import HeldPolls
from runway_videos.upstream.poll import Poller
from runway_videos.upstream.video_state import body_of


class Statuses:
    """Answers from memory, or asks Runway. Outlives runtimes."""

    def __init__(self, poller: Poller, held_polls: HeldPolls) -> None:
        self._poller = poller
        self._held_polls = held_polls

    async def status(self, runtime: Runtime, call: Call) -> Answer:
        """A video's status, at once or when it changes."""
        video = runtime.video(call.route.video_id, call.caller)
        cached, applied = await self._held_polls.status(runtime, video, call)
        headers = runtime.status_headers(video, cached)
        return Answer(200, {**headers, **applied} if applied else headers, body_of(video, cached))

    async def delete(self, runtime: Runtime, call: Call) -> Answer:
        """Cancels or deletes a video."""
        video = runtime.video(call.route.video_id, call.caller)
        await self._poller.delete(runtime, video)
        return Answer(200, runtime.json_headers | video.made_headers, encode(Deleted(id=video.video_id)))


async def refuse(runtime: Runtime, call: Call) -> Answer:
    """Raises ApiError 405: there is no such operation."""
    raise wrong_method(call.route.allow, call.route.name)

"""`GET /v1/videos`: a caller's videos, as this process remembers them.

Those that have not ended are asked for, within bounds: what Runway does not answer in time is given
as it was last seen. A page goes on behind the id in `after`, whether that video still exists or not,
so a walk through the pages gives each video once, whatever is made or deleted meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from runway_videos.errors import ApiError, bad_request
from runway_videos.openai.messages import Answer, Call
from runway_videos.openai.video import VideoList, encode
from runway_videos.runtime import CachedStatus, RequestedVideo, Runtime
from runway_videos.store.video_ids import UnsealableError, VideoReference
from runway_videos.store.video_records import STATUS_SECONDS, VideoRecord
from runway_videos.upstream.poll import Poller, fresh_status
from runway_videos.upstream.video_state import body_of, last_state, render_video

#: Calls to Runway that one list may cause.
MAX_REFRESHES = 20
DEFAULT_LIMIT, MAX_LIMIT = 20, 100

_ORDERS: Mapping[str, bool] = {"desc": False, "asc": True}


class _Page(msgspec.Struct, frozen=True):
    """What is asked for. `after`: the (created, task) of the last video before it."""

    limit: int
    oldest_first: bool
    after: tuple[int, str] | None


class VideoLister:
    """Serves `GET /v1/videos`."""

    def __init__(self, poller: Poller) -> None:
        self._poller = poller

    async def list_videos(self, runtime: Runtime, call: Call) -> Answer:
        """A page of the caller's videos. ApiError 400 for a parameter that is wrong."""
        page = _read(runtime, call)
        calls, end = MAX_REFRESHES, runtime.clock() + runtime.timeouts.list_wait
        while True:
            found, has_more = await _select(runtime, call.caller, page)
            calls -= await self._refresh(runtime, found, calls, end - runtime.clock())
            videos = [video for video in found if runtime.videos.holds(video.record)]
            if videos or not found or not has_more:
                break
            # Runway has none of them any more: an empty page would end the client's walk.
            page = msgspec.structs.replace(page, after=_position(found[-1].reference))
        return _answer(runtime, videos, has_more)

    async def _refresh(
        self, runtime: Runtime, videos: list[RequestedVideo], calls: int, seconds: float
    ) -> int:
        """Asks Runway about videos whose end is not known, those that were not asked about for longest
        first; gives how many those are. Polls that take longer go on by themselves.
        """
        stale = [video for video in videos if _is_stale(runtime, video.record)]
        stale = sorted(stale, key=lambda video: video.record.status_at)[:calls]
        if stale:
            polls = [self._poller.begin(runtime, video, retries=False) for video in stale]
            await asyncio.wait(polls, timeout=max(0.0, seconds))
        return len(stale)


def _read(runtime: Runtime, call: Call) -> _Page:
    limit, order = call.query.get("limit") or str(DEFAULT_LIMIT), call.query.get("order") or "desc"
    if not (limit.isascii() and limit.isdecimal() and len(limit) < 10 and int(limit) <= MAX_LIMIT):
        raise bad_request(f"limit must be a whole number from 0 to {MAX_LIMIT}, not {limit[:40]!r}.", "limit")
    if order not in _ORDERS:
        raise bad_request(f"order must be 'asc' or 'desc', not {order[:40]!r}.", "order")
    after = call.query.get("after")
    position = _position(_after(runtime, after, call.caller)) if after else None
    return _Page(int(limit), _ORDERS[order], position)


def _after(runtime: Runtime, video_id: str, caller: str) -> VideoReference:
    """The video that a page begins behind. The same 400 for all that is no video of this caller."""
    detail = ""
    try:
        reference = runtime.sealer.open(video_id)
        if reference.owned_by(caller):
            return reference
    except ApiError as error:
        if error.status != 404:
            raise
        detail = error.detail
    message = f"after must be the id of one of your videos, as last_id of a page is, not {video_id[:160]!r}."
    raise ApiError(400, message, param="after", code="invalid_value", detail=detail)


async def _select(runtime: Runtime, caller: str, page: _Page) -> tuple[list[RequestedVideo], bool]:
    """The videos of a page, and whether there are more. A video that has no id now has no place."""
    videos: list[RequestedVideo] = []
    after = page.after
    while len(videos) <= page.limit:
        count = max(page.limit + 1 - len(videos), DEFAULT_LIMIT)
        records = await runtime.shared.page(caller, count, after, page.oldest_first)
        if not records:
            break
        videos += [video for record in records if (video := _with_id(runtime, record)) is not None]
        after = _position(records[-1].reference)
    return videos[: page.limit], len(videos) > page.limit


def _with_id(runtime: Runtime, record: VideoRecord[CachedStatus]) -> RequestedVideo | None:
    """The video of a record, None where its key is not configured or its task fits in no id."""
    try:
        return RequestedVideo(runtime.sealer.seal(record.reference), record)
    except (KeyError, UnsealableError):
        return None


def _answer(runtime: Runtime, videos: list[RequestedVideo], has_more: bool) -> Answer:
    data, unfinished = [], False
    for video in videos:
        cached = runtime.videos.status(video.record, STATUS_SECONDS)
        state = last_state(video.record)
        unfinished = unfinished or not state.ended
        data.append(msgspec.Raw(body_of(video, cached) if cached else encode(render_video(video, state))))
    found = VideoList(
        data=data,
        first_id=videos[0].video_id if videos else None,
        last_id=videos[-1].video_id if videos else None,
        has_more=has_more,
    )
    return Answer(200, runtime.video_headers if unfinished else runtime.json_headers, encode(found))


def _is_stale(runtime: Runtime, record: VideoRecord[CachedStatus]) -> bool:
    """Whether Runway may know more: of a completed video all is known, of a failed one the reason not."""
    return record.ended != "completed" and fresh_status(runtime, record) is None


def _position(reference: VideoReference) -> tuple[int, str]:
    return reference.created, reference.task

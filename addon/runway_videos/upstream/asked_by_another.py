"""Statuses of processes that share a store: one asks Runway for all, none takes back another's."""

from __future__ import annotations

from runway_videos.runtime import CachedStatus, RequestedVideo, Runtime
from runway_videos.store.shared_videos import Loaded, StoredVideo
from runway_videos.translate.task_status import TaskState
from runway_videos.upstream.video_state import last_state, render_status

# Looks at what the process that asks now has written, and the wait before each, in seconds.
_LOOKS, _LOOK_SECONDS = 10, 0.1


async def asked_by_another(runtime: Runtime, video: RequestedVideo, loaded: Loaded) -> CachedStatus | None:
    """The status, where it is young enough; None: it is this process's turn to ask Runway."""
    seconds = float(runtime.settings.poll_seconds)
    for look in range(_LOOKS + 1):
        stored = loaded.video
        if stored is not None and loaded.age < seconds:
            cached = render_status(runtime, video, _state(video, stored))
            video.record.status_at -= max(0.0, loaded.age)
            return cached
        if look == 0 and await runtime.shared.take_turn(video.record, seconds):
            return None
        await runtime.sleep(_LOOK_SECONDS)
        loaded = await runtime.shared.load(video.record)
    return None  # whose turn it is does not answer


async def share_state(runtime: Runtime, video: RequestedVideo, state: TaskState, before: Loaded) -> TaskState:
    """Writes what Runway has said; gives the state after what others have said meanwhile."""
    await runtime.shared.asked(video.record, state.error, before)
    return state if state.ended else last_state(video.record)


def _state(video: RequestedVideo, stored: StoredVideo) -> TaskState:
    state = last_state(video.record)
    if state.status == "failed" and stored.error is not None:
        return TaskState("failed", state.progress, stored.error, credits=stored.credits)
    return TaskState(state.status, state.progress, state.error, credits=stored.credits)

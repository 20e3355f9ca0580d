"""What a task says, remembered of its video: what a client has seen never goes back."""

from __future__ import annotations

import msgspec

from runway_videos import events
from runway_videos.events import VideoFacts
from runway_videos.keys.pool import KeyReport
from runway_videos.openai.video import KEPT_SECONDS, Video, decode_video, encode
from runway_videos.prices import credits_text
from runway_videos.runtime import CachedStatus, RequestedVideo, Runtime
from runway_videos.store.video_records import VideoRecord
from runway_videos.translate.task_status import TaskState, read_task


def record_state(runtime: Runtime, video: RequestedVideo, task: dict[str, object]) -> tuple[TaskState, bool]:
    """Remembers what Runway said, and tells the pool and the sinks what follows from it.

    Gives the state as clients may see it, and whether that is an end which Runway now contradicts.
    """
    record, reference = video.record, video.reference
    state = read_task(task, record.progress or 0)
    if state.unknown_word:
        problem = f"has a status that is not known: {state.unknown_word}"
        runtime.events.emit(events.TaskContradicted(video.task, problem))
    kept = _contradicts(record, state)
    if kept:
        problem = f"was {record.ended} and is now said to be {state.status}: it stays {record.ended}"
        runtime.events.emit(events.TaskContradicted(video.task, problem))
    state = _never_back(record, state)
    model = record.runway_model
    if model and state.throttled:
        runtime.pool.report(reference.key, model, KeyReport.QUEUE_FULL)
    elif model and record.throttled and state.status == "in_progress":
        runtime.pool.report(reference.key, model, KeyReport.QUEUE_MOVING)
    record.throttled = state.throttled
    if state.status == "in_progress":
        record.progress = state.progress
    if state.ended and state.credits is not None:
        record.credits = state.credits
    if state.status in ("completed", "failed") and record.ended != state.status:
        record.ended = state.status
        record.completed_at = int(runtime.now())
        took = record.completed_at - reference.created
        facts, made_here = facts_of(record), record.made_here
        runtime.events.emit(
            events.VideoEnded(facts, reference.key, video.task, state, took, video.video_id, made_here)
        )
    return state, kept


def record_cancelled(runtime: Runtime, video: RequestedVideo) -> None:
    """The video was deleted: one that ran, as far as is known here, has ended with that."""
    record, reference = video.record, video.reference
    seen_here = record.runway_model or record.progress is not None or record.status is not None
    if record.ended is None and seen_here:
        record.ended = "failed"
        took = int(runtime.now()) - reference.created
        state = read_task({"status": "CANCELLED"}, record.progress or 0)
        facts = facts_of(record)
        runtime.events.emit(
            events.VideoEnded(facts, reference.key, video.task, state, took, video.video_id, deleted=True)
        )


def _contradicts(record: VideoRecord[CachedStatus], state: TaskState) -> bool:
    """Whether Runway takes back an end. A failed video that it has after all is none: it is paid."""
    if record.ended == "completed":
        return state.status != "completed"
    return record.ended == "failed" and not state.ended


def _never_back(record: VideoRecord[CachedStatus], state: TaskState) -> TaskState:
    """The state as clients may see it after what they have seen before."""
    if _contradicts(record, state):
        return TaskState("completed", 100) if record.ended == "completed" else read_task({"status": "FAILED"})
    if state.status == "queued" and record.progress is not None:
        return TaskState("in_progress", record.progress, throttled=state.throttled)
    return state


def last_state(record: VideoRecord[CachedStatus]) -> TaskState:
    """What was last seen of a video whose status is kept no more."""
    if record.ended == "completed":
        return TaskState("completed", 100)
    if record.ended == "failed":
        return read_task({"status": "FAILED"}, record.progress or 0)
    return TaskState("queued" if record.progress is None else "in_progress", record.progress or 0)


def render_status(runtime: Runtime, video: RequestedVideo, state: TaskState) -> CachedStatus:
    """The video's JSON in this state, kept to be given out again."""
    body = encode(render_video(video, state))
    error = state.error.message if state.error else None
    credits = credits_text(video.record.credits) if state.ended and video.record.credits is not None else ""
    cached = CachedStatus(body, state.status, state.progress, error, credits)
    runtime.videos.keep_status(video.record, cached)
    return cached


def body_of(video: RequestedVideo, cached: CachedStatus) -> bytes:
    """A cached status under the id that the client wrote: a new secret gives a video a second one."""
    if cached.body.startswith(b'{"id":"%s"' % video.video_id.encode()):
        return cached.body
    return encode(msgspec.structs.replace(decode_video(cached.body), id=video.video_id))


def render_video(video: RequestedVideo, state: TaskState) -> Video:
    """The Video that clients get: what was sealed in its id, and what its task says now."""
    record, reference = video.record, video.reference
    done = record.completed_at if state.status == "completed" else None
    return Video(
        id=video.video_id,
        model=reference.model,
        status=state.status,
        progress=state.progress,
        created_at=reference.created,
        completed_at=done,
        expires_at=done + KEPT_SECONDS if done is not None else None,
        prompt=record.prompt,
        size=reference.size,
        seconds=reference.seconds,
        remixed_from_video_id=record.remixed_from,
        error=state.error,
    )


def facts_of(record: VideoRecord[CachedStatus]) -> VideoFacts:
    reference = record.reference
    made = record.runway_size or reference.size
    return VideoFacts(
        reference.model,
        reference.seconds,
        made,
        record.caller,
        record.runway_model,
        asked_size="" if made == reference.size else reference.size,
    )

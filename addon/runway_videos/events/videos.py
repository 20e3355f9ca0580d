"""Videos: asked about, ended, deleted, fetched, told of."""

from __future__ import annotations

from runway_videos.events.base import Event, VideoFacts
from runway_videos.translate.task_status import TaskState


class VideoEnded(Event, frozen=True):
    """This process first saw that a video has ended. `seconds` since its creation.

    `made_here`: this process created it. Where it did not, the end is told by other processes too:
    who adds up costs counts creates, or ends with `made_here`. `deleted`: its client deleted it.
    """

    video: VideoFacts
    key: str
    task: str
    state: TaskState
    seconds: int
    video_id: str = ""
    made_here: bool = True
    deleted: bool = False


class VideoDeleted(Event, frozen=True):
    """A video was cancelled or deleted."""

    video: VideoFacts
    key: str
    task: str
    video_id: str = ""


class PollStale(Event, frozen=True):
    """Runway could not be polled, and the cached status was returned."""

    task: str
    problem: str


class TaskContradicted(Event, frozen=True):
    """Runway's answer about a task contradicts an earlier one, or is about another task."""

    task: str
    problem: str


class ContentFailed(Event, frozen=True):
    """Runway's file store does not serve a video. `worked_before`: it did within the last minute."""

    task: str
    problem: str
    worked_before: bool


class PreviewFailed(Event, frozen=True):
    """Pictures of a finished video, by their names, cannot be made."""

    task: str
    names: tuple[str, ...]
    problem: str


class WebhookDelivered(Event, frozen=True):
    """A webhook at `host` took an event about a video."""

    host: str
    type: str
    video_id: str


class WebhookFailed(Event, frozen=True):
    """A webhook did not take an event; it is sent again after `seconds`. `tries` so far."""

    host: str
    video_id: str
    problem: str
    tries: int
    seconds: float


class WebhookLost(Event, frozen=True):
    """An event about a video is not sent, or its end not waited for. `host` "": to none of the webhooks."""

    host: str
    video_id: str
    reason: str


class WebhooksEnded(Event, frozen=True):
    """The process ends with events that are not delivered, or with videos that have not ended.

    `kept`: they are in the store.
    """

    events: int
    videos: int
    kept: bool = False


class WebhookTakenOver(Event, frozen=True):
    """What so many videos' ends are to be told of at `host` is done here now: their process has ended."""

    host: str
    videos: int

"""A sandbox without HTTP: keys, tasks, files and the request log."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping
from functools import lru_cache

from runway_videos.sandbox import outputs
from runway_videos.sandbox.clip_lengths import SECONDS
from runway_videos.sandbox.footage import VideoInputs, made
from runway_videos.sandbox.organisations import Organisation, price
from runway_videos.sandbox.outputs import FREE_HEADER_BYTES, Clip, Signer
from runway_videos.sandbox.request_log import RecordedRequest, RequestLog
from runway_videos.sandbox.tasks import Clock, Task, Tasks
from runway_videos.sandbox.uploads import Uploads

#: The key that is valid by default.
DEFAULT_KEYS = {"sandbox": "sandbox"}


class SandboxState:
    """The state of a sandbox. Parameters: see Sandbox."""

    def __init__(
        self,
        keys: Mapping[str, str] | None = None,
        *,
        seconds: float = 4.0,
        concurrency: int | None = None,
        video_bytes: int | None = None,
        url_seconds: float = 86_400.0,
        clock: Clock = time.time,
        keep: int = 1_000,
    ) -> None:
        #: Base URL, set when it has started.
        self.url = ""
        self.clock = clock
        #: Key value → name of the organisation. May be changed at any time.
        self.keys = dict(DEFAULT_KEYS if keys is None else keys)
        self.organisations = {
            name: Organisation(name, concurrency=concurrency) for name in self.keys.values()
        }
        self.tasks = Tasks(clock, seconds, lambda name: self.organisations[name].concurrency)
        self.uploads = Uploads(clock)
        self.signer = Signer(clock, url_seconds)
        #: A lying and an upright video of the usual length.
        self.clips = (Clip("landscape.mp4", video_bytes), Clip("portrait.mp4", video_bytes))
        self._clip = lru_cache(maxsize=64)(lambda name, seconds: _clip(name, video_bytes, seconds))
        self.request_log = RequestLog(keep)

    @property
    def requests(self) -> deque[RecordedRequest]:
        """The last requests, oldest first."""
        return self.request_log.requests

    @property
    def counts(self) -> Counter[str]:
        """Requests per route since the start, such as "POST /v1/text_to_video"."""
        return self.request_log.counts

    def organisation(self, key: str) -> Organisation | None:
        """The organisation of a key, None for an unknown or disabled key."""
        name = self.keys.get(key)
        if name is None:
            return None
        organisation = self.organisations.setdefault(name, Organisation(name))
        return None if organisation.disabled else organisation

    def make(self, organisation: Organisation, body: dict[str, object]) -> Task:
        """A task from a body that has passed the check. Raises Refused."""
        given = self.videos.footage(body)
        model, estimate, footage = str(body["model"]), price(body, given.seconds), made(body, given)
        organisation.admit(model, estimate, self.clock())
        prompt = str(body.get("promptText", ""))
        task = self.tasks.create(
            organisation.name, model, prompt, estimate, footage.portrait, footage.seconds or SECONDS
        )
        organisation.charge(model, task.cost - estimate, self.clock())
        return task

    def delete(self, organisation: Organisation, task_id: str) -> bool:
        """Cancels or deletes a task; a cancelled one costs nothing. False if there is none."""
        task = self.tasks.remove(organisation.name, task_id)
        if task is None:
            return False
        if self.clock() < task.ends:
            organisation.charge(task.model, -task.cost, self.clock())
        return True

    def output_url(self, task: Task) -> str:
        """A fresh signed URL for a finished task."""
        return self.url + self.signer.sign(f"{outputs.PATH}{task.id}.mp4")

    def clip(self, task: Task) -> Clip:
        """The video of a task: portrait if that was asked for, as long as was asked for."""
        if task.length == SECONDS:
            return self.clips[task.portrait]
        return self._clip("portrait.mp4" if task.portrait else "landscape.mp4", task.length)

    @property
    def videos(self) -> VideoInputs:
        """Videos that bodies name."""
        return VideoInputs(self.url, self.signer, self.tasks, self.uploads)


def _clip(name: str, video_bytes: int | None, seconds: float) -> Clip:
    least = Clip(name, None, seconds).size + FREE_HEADER_BYTES
    return Clip(name, None if video_bytes is None else max(video_bytes, least), seconds)

"""How long a task's video is and which way it lies: as the body says, else as the input is."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import msgspec

from runway_videos.sandbox import outputs
from runway_videos.sandbox.clip_lengths import SECONDS, seconds_of
from runway_videos.sandbox.outputs import Signer
from runway_videos.sandbox.tasks import Task, Tasks
from runway_videos.sandbox.uploads import Uploads

# Base64 characters of a data URI that are looked at.
_BEGINNING = 64 << 10


class Footage(msgspec.Struct, frozen=True):
    """A video's length, None where nobody knows it, and whether it is higher than wide."""

    seconds: float | None = None
    portrait: bool = False


class VideoInputs:
    """Videos that bodies name: outputs of this sandbox, uploads, data URIs. `url` is its base URL."""

    def __init__(self, url: str, signer: Signer, tasks: Tasks, uploads: Uploads) -> None:
        self._outputs = url + outputs.PATH
        self._signer = signer
        self._tasks = tasks
        self._uploads = uploads

    def is_output(self, text: str) -> bool:
        """Whether it is a link to a video of this sandbox."""
        return text.startswith(self._outputs)

    def output_problem(self, text: str, kind: str) -> str | None:
        """Why such a link cannot be used, None if it can: Runway gets the file as anybody does."""
        parts = urlsplit(text)
        if kind != "video":
            return f"Invalid asset. Expected {kind}, received video."
        if self._signer.refusal(parts.path, dict(parse_qsl(parts.query))):
            return "Failed to fetch the asset: HTTP 403."
        return None if self._task(text) else "Failed to fetch the asset: HTTP 404."

    def footage(self, body: Mapping[str, object]) -> Footage:
        """Of the video that a body names."""
        text = str(body.get("videoUri") or body.get("promptVideo") or "")
        if text.startswith("runway://"):
            return Footage(self._uploads.seconds(text))
        if task := self._task(text) if self.is_output(text) else None:
            return Footage(task.length, task.portrait)
        if text[:5].lower() == "data:":
            begun = text.partition(",")[2][:_BEGINNING]
            return Footage(seconds_of(binascii.a2b_base64(begun[: len(begun) // 4 * 4])))
        return Footage()

    def _task(self, text: str) -> Task | None:
        name = urlsplit(text).path.rpartition("/")[2].removesuffix(".mp4")
        return self._tasks.find(name)


def made(body: Mapping[str, object], given: Footage) -> Footage:
    """What comes of a body; `given`: of the video in it."""
    duration = body.get("duration")
    seconds = float(duration) if isinstance(duration, int | float) else given.seconds or SECONDS
    if body.get("mode") == "extend":
        seconds = (given.seconds or 0.0) + (seconds if isinstance(duration, int | float) else SECONDS)
    return Footage(seconds, _portrait(body, given.portrait))


def _portrait(body: Mapping[str, object], given: bool) -> bool:
    shape = body.get("ratio") or body.get("targetAspectRatio") or body.get("aspectRatio")
    width, _, height = str(shape).partition(":")
    return int(width) < int(height) if width.isdecimal() and height.isdecimal() else given

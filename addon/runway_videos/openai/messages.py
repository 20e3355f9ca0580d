"""A call as the operations get it, and what they answer; independent of mitmproxy."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from runway_videos.openai.routes import Route


class Call(msgspec.Struct, frozen=True):
    """An authenticated video call. Header names are in lower case.

    `gone` tells whether the client has disconnected, as far as the proxy knows. `replayed`: no client
    sends it now, somebody sends a recorded call once more.
    """

    route: Route
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    caller: str
    gone: Callable[[], bool]
    method: str = "GET"
    replayed: bool = False


class Answer(msgspec.Struct, frozen=True):
    """A whole answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class Download(msgspec.Struct, frozen=True):
    """The bytes at `url` are the answer: mitmproxy streams them, asked with these request headers only."""

    url: str
    request_headers: dict[str, str]
    response_headers: dict[str, str]
    task: str = ""


class PassThrough(msgspec.Struct, frozen=True):
    """Not ours after all: this proxy does not serve the model, or did not make the video.

    `unsupported`: Runway has nothing like it, so it is for a reverse target alone.

    `models` names those that it serves, `model` is the one that was asked for; `video_id` the video,
    `param` what it was named in.
    """

    models: str
    video_id: str = ""
    param: str = "video_id"
    unsupported: bool = False
    model: str = ""

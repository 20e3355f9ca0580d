"""A call as the operations see it and what they answer: neither knows mitmproxy."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from runway_videos.openai.routes import Route


class Call(msgspec.Struct, frozen=True):
    """A video call of a caller who may make it. Header names are in lower case.

    `gone` tells whether its client has hung up, as far as can be seen.
    """

    route: Route
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    caller: str
    gone: Callable[[], bool]


class Answer(msgspec.Struct, frozen=True):
    """A whole answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class Download(msgspec.Struct, frozen=True):
    """The bytes at `url` are the answer: streamed by the addon, with these request headers only."""

    url: str
    request_headers: dict[str, str]
    response_headers: dict[str, str]
    task: str = ""


class PassThrough(msgspec.Struct, frozen=True):
    """Not ours after all: the model is none that this proxy serves. `models` names those."""

    models: str

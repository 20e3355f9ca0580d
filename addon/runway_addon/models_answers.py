"""Answers to `GET /v1/models` that come back from elsewhere: our models are added, or stand in for a failure.

All is decided when the headers have come: up to 1 MiB of a body is then held, and what is longer is
passed on as it is.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable

import msgspec
from mitmproxy import http

from runway_addon import flow_messages, http_layer
from runway_videos.errors import ApiError
from runway_videos.openai.messages import Answer
from runway_videos.operations.models import answer_of, extended
from runway_videos.runtime import Runtime

# They describe the answer as it came.
_HEADERS_OF_THE_BODY = ("content-length", "etag", "last-modified", "content-md5", "content-digest",
                        "repr-digest", "digest", "accept-ranges")  # fmt: skip


class ModelsFlow(msgspec.Struct):
    """A caller's call under way. `model` as in `Route`; `instead`: our answer takes the place of the one
    that came."""

    caller: str
    model: str
    instead: Answer | None = None


class ModelsAnswers:
    """Changes them on their flows. The calls under way are handed in: they outlive a reload of the script."""

    def __init__(self, flows: weakref.WeakKeyDictionary[http.HTTPFlow, ModelsFlow]) -> None:
        self._flows = flows

    def expect(self, flow: http.HTTPFlow, caller: str, model: str) -> None:
        """The flow goes on and asks for the models."""
        self._flows[flow] = ModelsFlow(caller, model)
        flow.request.headers["accept-encoding"] = "identity"

    def begin_response(self, flow: http.HTTPFlow, runtime: Runtime) -> bool:
        """The headers of an answer have come. True where it is changed."""
        asked, response = self._flows.get(flow), flow.response
        if asked is None or response is None:
            return False
        if response.status_code >= 400:
            asked.instead = _ours(runtime, asked)
            if asked.instead is None:
                return False
            flow_messages.put_answer(flow, asked.instead)
            assert flow.response is not None  # just put there
            flow.response.stream = _Instead(asked.instead.body)
            return True
        if asked.model or response.status_code != 200 or _is_long(flow, response):
            return False
        if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            return False
        # A copy: mitmproxy reads from the other one how the server's connection goes on.
        flow.response = response = response.copy()
        for name in _HEADERS_OF_THE_BODY:
            response.headers.pop(name, None)
        if flow.request.is_http11:
            response.http_version = "HTTP/1.1"
            response.headers["transfer-encoding"] = "chunked"
        response.stream = _Extended(lambda body: extended(runtime, asked.caller, body))
        return True

    def end(self, flow: http.HTTPFlow) -> None:
        """The whole answer has come: one without a body has not been through `stream`."""
        asked = self._flows.pop(flow, None)
        if asked and asked.instead and flow.response and not flow.response.raw_content:
            flow.response.raw_content = asked.instead.body

    def fail(self, flow: http.HTTPFlow, runtime: Runtime) -> None:
        """Nothing came, or not all of it: before the first of it, ours are the answer."""
        asked = self._flows.pop(flow, None)
        if asked is None or flow.response is not None or not flow_messages.client_is_there(flow):
            return
        if ours := _ours(runtime, asked):
            flow_messages.put_answer(flow, ours)
            http_layer.send_though_failed(flow)


class _Instead:
    """Drops what comes, and gives `body` at the end."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __call__(self, data: bytes) -> list[bytes]:
        return [] if data else [self._body]


class _Extended:
    """Holds what comes and gives all of it at the end, extended; from 1 MiB on it passes on what it has."""

    def __init__(self, extend: Callable[[bytes], bytes]) -> None:
        self._extend = extend
        self._held = bytearray()
        self._passes = False

    def __call__(self, data: bytes) -> list[bytes]:
        if self._passes:
            return [data] if data else []
        self._held += data
        if data and len(self._held) <= flow_messages.LARGEST_HELD_BODY:
            return []
        self._passes = True
        held = bytes(self._held)
        self._held.clear()
        body = held if data else self._extend(held)
        return [body] if body else []


def _is_long(flow: http.HTTPFlow, response: http.Response) -> bool:
    length = response.headers.get("content-length", "")
    return length.isdecimal() and int(length) > flow_messages.LARGEST_HELD_BODY


def _ours(runtime: Runtime, asked: ModelsFlow) -> Answer | None:
    try:
        return answer_of(runtime, asked.caller, asked.model)
    except ApiError:  # no model of ours
        return None

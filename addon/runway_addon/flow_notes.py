"""What flows say of themselves in mitmweb, in saved files and to other addons: comment, marker, metadata.

No prompt, token or link is in them. What somebody else has set stays.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import Any

from mitmproxy import http

from runway_addon.flow_messages import request_id
from runway_videos import events
from runway_videos.errors import ApiError
from runway_videos.events import Event, VideoFacts
from runway_videos.logs import on_one_line
from runway_videos.openai.routes import Operation
from runway_videos.prices import credits_text

#: In the list of mitmweb and mitmproxy; `~marked` finds them.
MARKER = ":movie_camera:"
#: In `flow.metadata`, of creates: a dictionary of texts, and `credits` as a number.
METADATA = "runway"


def note_answer(flow: http.HTTPFlow, operation: Operation) -> None:
    """The flow is answered by that operation."""
    flow.marked = flow.marked or MARKER
    flow.comment = flow.comment or operation.value


def note_refusal(flow: http.HTTPFlow, error: ApiError, operation: str) -> None:
    """The flow is answered with an error."""
    flow.marked = flow.marked or MARKER
    flow.comment = flow.comment or f"{operation} refused, {error.status} {error.code or error.type}"


class FlowNotes:
    """A sink of events: notes on the flow of a create what became of it."""

    def __init__(self) -> None:
        self._flows: weakref.WeakValueDictionary[str, http.HTTPFlow] = weakref.WeakValueDictionary()

    def __len__(self) -> int:
        """Flows that are followed."""
        return len(self._flows)

    def follow(self, flow: http.HTTPFlow) -> None:
        """What happens in the course of this request is noted on its flow, in place of what was before."""
        before = flow.metadata.pop(METADATA, None)
        if before is not None and flow.comment == _comment(before):  # it is replayed
            flow.comment = ""
        self._flows[request_id(flow)] = flow

    def __call__(self, event: Event) -> None:
        facts_of = _FACTS.get(type(event))
        flow = self._flows.get(event.request_id) if facts_of is not None else None
        if facts_of is None or flow is None:
            return
        facts = facts_of(event)
        flow.metadata[METADATA] = facts
        flow.marked = flow.marked or MARKER
        flow.comment = flow.comment or _comment(facts)


def _made(event: events.VideoSubmitted) -> dict[str, Any]:
    cost = {} if event.credits is None else {"credits": float(event.credits)}
    made = {"outcome": "made", "key": event.key, "task": event.task, "video_id": event.video_id}
    return {**made, **_facts(event.video), **cost}


def _unknown(event: events.OutcomeUnknown) -> dict[str, Any]:
    return {"outcome": "unknown", "key": event.key, **_facts(event.video)}


def _given_up(event: events.CreateGivenUp) -> dict[str, Any]:
    return {"outcome": "unknown", **_facts(event.video)}


def _joined(event: events.RetryJoined) -> dict[str, Any]:
    return {"outcome": "retry", "caller": event.caller}


_FACTS: Mapping[type[Event], Callable[[Any], dict[str, Any]]] = {
    events.VideoSubmitted: _made,
    events.OutcomeUnknown: _unknown,
    events.CreateGivenUp: _given_up,
    events.RetryJoined: _joined,
}
_BEGINNINGS: Mapping[str, str] = {
    "made": "",
    "unknown": "OUTCOME UNKNOWN: ",
    "retry": "a retry: it has its first attempt's outcome",
}


def _facts(video: VideoFacts) -> dict[str, str]:
    return {
        "caller": video.caller,
        "model": video.model,
        "runway_model": video.runway_model or video.model,
        "mode": video.mode,
        "seconds": video.seconds,
        "size": video.size,
    }


def _comment(facts: Mapping[str, Any]) -> str:
    """`image_to_video seedance2 5 s 720:1280, task 17f2…, key team-a, 25 credits`."""
    parts = []
    if "mode" in facts:
        ratio = str(facts["size"]).replace("x", ":")
        parts.append(f"{facts['mode']} {facts['runway_model']} {facts['seconds']} s {ratio}")
    parts += [f"{name} {facts[name]}" for name in ("task", "key") if facts.get(name)]
    parts += [f"{credits_text(facts['credits'])} credits"] if "credits" in facts else []
    return _BEGINNINGS[facts["outcome"]] + on_one_line(", ".join(parts))

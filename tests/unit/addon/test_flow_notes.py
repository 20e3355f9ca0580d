"""What flows say of themselves, and that what others wrote there stays."""

from __future__ import annotations

from typing import Any

import pytest
from mitmproxy import flowfilter, http
from mitmproxy.utils.emoji import emoji

from runway_addon.flow_messages import request_id
from runway_addon.flow_notes import MARKER, METADATA, FlowNotes, note_answer, note_refusal
from runway_videos import events
from runway_videos.errors import ApiError
from runway_videos.events import Event, VideoFacts
from runway_videos.openai.routes import Operation
from unit.addon.flow_harness import flow_of

pytestmark = pytest.mark.dependencies

VIDEO = VideoFacts("sora-2", "5", "720x1280", "app", "seedance2", "image_to_video")
MADE: dict[str, Any] = {
    "key": "team-a",
    "task": "17f2",
    "credits": 25,
    "seconds": 1.0,
    "video_id": "video_rw1",
}


def noted(*happened: type[Event], flow: http.HTTPFlow | None = None, **more: Any) -> http.HTTPFlow:
    """A flow in whose course these happened."""
    flow = flow or flow_of("POST")
    notes = FlowNotes()
    notes.follow(flow)
    for kind in happened:
        fields = {"video": VIDEO, **MADE} if kind is events.VideoSubmitted else more
        notes(kind(**fields, request_id=request_id(flow)))
    return flow


def test_a_create_says_what_it_became() -> None:
    flow = noted(events.VideoSubmitted)
    assert flow.comment == "image_to_video seedance2 5 s 720:1280, task 17f2, key team-a, 25 credits"
    assert flow.metadata[METADATA] == {
        "outcome": "made",
        "key": "team-a",
        "task": "17f2",
        "video_id": "video_rw1",
        "caller": "app",
        "model": "sora-2",
        "runway_model": "seedance2",
        "mode": "image_to_video",
        "seconds": "5",
        "size": "720x1280",
        "credits": 25.0,
    }
    assert MARKER.strip(":") in {name.strip(":") for name in emoji}
    for found in ("~marked", "~comment seedance2", "~meta team-a"):
        assert flowfilter.match(found, flow), found
    assert http.HTTPFlow.from_state(flow.get_state()).comment == flow.comment


def test_an_unknown_outcome_and_a_retry_say_so() -> None:
    lost = noted(events.OutcomeUnknown, video=VIDEO, key="team-a", reason="no answer")
    assert lost.comment == "OUTCOME UNKNOWN: image_to_video seedance2 5 s 720:1280, key team-a"
    assert noted(events.CreateGivenUp, video=VIDEO).comment.startswith("OUTCOME UNKNOWN: image_to_video")
    assert noted(events.RetryJoined, caller="app").comment == "a retry: it has its first attempt's outcome"


def test_events_of_other_requests_and_other_events_are_not_noted() -> None:
    flow, notes = flow_of("POST"), FlowNotes()
    notes.follow(flow)
    notes(events.VideoSubmitted(VIDEO, **MADE, request_id="req_other"))
    notes(events.VideoSubmitted(VIDEO, **MADE))
    notes(events.FieldsIgnored(("user",), request_id=request_id(flow)))
    assert (flow.comment, flow.marked, METADATA in flow.metadata) == ("", "", False)


def test_what_others_set_stays() -> None:
    flow = flow_of("POST")
    flow.comment, flow.marked = "mine", ":red_circle:"
    noted(events.VideoSubmitted, flow=flow)
    note_answer(flow, Operation.CREATE)
    note_refusal(flow, ApiError(400, "Wrong."), "create")
    assert (flow.comment, flow.marked) == ("mine", ":red_circle:")


def test_a_replay_says_what_it_became_itself() -> None:
    flow = noted(events.VideoSubmitted)
    noted(events.OutcomeUnknown, flow=flow, video=VIDEO, key="team-b", reason="no answer")
    assert flow.comment.startswith("OUTCOME UNKNOWN: ")


def test_other_calls_and_refusals() -> None:
    polled, refused = flow_of(), flow_of()
    note_answer(polled, Operation.STATUS)
    note_refusal(refused, ApiError(429, "Over.", code="insufficient_quota"), "create")
    assert (polled.comment, polled.marked) == ("status", MARKER)
    assert (refused.comment, refused.marked) == ("create refused, 429 insufficient_quota", MARKER)


def test_flows_that_are_gone_are_not_kept() -> None:
    notes = FlowNotes()
    for _ in range(100):
        notes.follow(flow_of("POST"))
    assert len(notes) <= 1


@pytest.mark.parametrize("odd", ["a\nb", "\x1b[31m"])
def test_a_comment_is_one_line(odd: str) -> None:
    flow, notes = flow_of("POST"), FlowNotes()
    notes.follow(flow)
    notes(
        events.OutcomeUnknown(VideoFacts("m", odd, odd, "", "m", odd), "k", "", request_id=request_id(flow))
    )
    assert flow.comment.isprintable()

"""What a refused replay leaves on its flow."""

from __future__ import annotations

import pytest
from mitmproxy import http

from runway_addon import replays
from runway_videos.openai.routes import find
from unit.addon.flow_harness import flow_of, response
from unit.config.option_values import settings_from


def recorded(path: str = "", answered: bool = True) -> http.HTTPFlow:
    """A flow as `replay.client` makes it ready."""
    flow = flow_of("POST", f"/v1/videos{path}", b"{}")
    flow.response = response(200, b"first") if answered else None
    flow.backup()
    flow.is_replay = "request"
    flow.response = None
    return flow


def put(flow: http.HTTPFlow, method: str = "POST", replay: bool = False) -> bool:
    return replays.put_first_answer(flow, find(method, flow.request.path), settings_from(replay=replay))


@pytest.mark.parametrize("path", ["", "/edits", "/extensions", "/video_rwX/remix"])
def test_a_paid_call_has_its_first_answer_again(path: str) -> None:
    flow = recorded(path)
    assert put(flow)
    assert flow.response is not None
    assert flow.response.content == b"first"
    assert flow.comment == replays.COMMENT
    assert not replays.is_replayed(flow)


def test_one_without_an_answer_gets_the_refusal() -> None:
    assert not put(recorded(answered=False))


def test_other_calls_and_replays_that_are_allowed_get_their_own_answer() -> None:
    live = flow_of("POST", "/v1/videos", b"{}")
    for flow, method, allowed in (
        (live, "POST", False),
        (recorded(), "POST", True),
        (recorded("/video_rwX"), "GET", False),
        (recorded("/video_rwX"), "DELETE", False),
    ):
        assert not put(flow, method, allowed)
        assert (flow.response, flow.comment) == (None, "")


def test_what_is_no_video_call_is_left_alone() -> None:
    assert not replays.put_first_answer(recorded(), None, settings_from())

"""What is put on mitmproxy's flows: answers, downloads; never a credential, never a signed URL."""

from __future__ import annotations

import json
import re

import pytest
from mitmproxy import http

from runway_addon import flow_messages
from runway_videos.config.caller_options import Caller
from runway_videos.errors import ApiError
from runway_videos.openai.caller_tokens import CallerTokens
from runway_videos.openai.messages import Answer
from unit.addon.flow_harness import flow_of, headers_of

SIGNED = "https://files.example/out/v.mp4?Expires=1&Signature=hush~-_"


def test_an_answer_and_an_error() -> None:
    flow = flow_of()
    flow_messages.put_answer(flow, Answer(200, {"content-type": "application/json", "x-a": "b"}, b"{}"))
    assert flow.response is not None
    assert (flow.response.status_code, flow.response.content, flow.response.headers["x-a"]) == (
        200,
        b"{}",
        "b",
    )
    assert flow.response.headers["content-length"] == "2"
    flow_messages.put_error(flow, ApiError(429, "No\r\nX: y\udcff", retry=False, detail="hush"))
    assert flow.response.status_code == 429
    assert flow.response.headers["x-should-retry"] == "false"
    assert "x" not in flow.response.headers
    assert json.loads(flow.response.content or b"")["error"]["message"].startswith("No\r\nX: y")
    assert b"hush" not in (flow.response.content or b"")


@pytest.mark.parametrize(
    ("version", "asked", "said"),
    [
        (b"HTTP/1.1", {"connection": "close"}, "close"),
        (b"HTTP/1.1", {"Connection": "Keep-Alive, Close"}, "close"),
        (b"HTTP/1.0", {"connection": "close"}, "close"),
        (b"HTTP/1.1", {"connection": "keep-alive"}, None),
        (b"HTTP/1.1", {}, None),
        (b"HTTP/2.0", {"connection": "close"}, None),  # HTTP/2 has no such header
    ],
)
def test_an_answer_says_that_the_connection_ends(
    version: bytes, asked: dict[str, str], said: str | None
) -> None:
    """A balancer that is not told keeps it, and its next request is lost on it."""
    flow = flow_of(headers=headers_of(*asked.items()), http_version=version)
    flow_messages.put_error(flow, ApiError(401, "No."))
    assert flow.response is not None
    assert flow.response.headers.get("connection") == said


@pytest.mark.parametrize("body", [b"", b"{}", b"x" * 5000])
def test_an_answer_to_head_has_no_body_but_its_length(body: bytes) -> None:
    flow = flow_of("HEAD")
    flow_messages.put_answer(flow, Answer(200, {"x-a": "b"}, body))
    assert flow.response is not None
    assert flow.response.raw_content == b""
    assert flow.response.headers.pop("date")
    assert dict(flow.response.headers) == {
        "x-a": "b",
        "content-length": str(len(body)),
        "x-request-id": flow_messages.request_id(flow),
    }
    assert flow.request.method == "HEAD"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_that_nothing_has_changed_has_neither_body_nor_length(method: str) -> None:
    flow = flow_of(method)
    flow_messages.put_answer(flow, Answer(304, {"etag": '"x"'}, b""))
    assert flow.response is not None
    assert flow.response.raw_content == b""
    assert flow.response.headers.pop("date")
    assert dict(flow.response.headers) == {"etag": '"x"', "x-request-id": flow_messages.request_id(flow)}


def test_an_error_to_head_has_no_body_but_its_length() -> None:
    get, head = flow_of("GET"), flow_of("HEAD")
    for flow in (get, head):
        flow_messages.put_error(flow, ApiError(404, "Gone."), {"x-runway-sandbox": "true"})
    assert get.response is not None
    assert head.response is not None
    assert head.response.raw_content == b""
    assert head.response.status_code == 404
    head_says, get_says = (dict(flow.response.headers) for flow in (head, get) if flow.response)
    for headers in (head_says, get_says):
        del headers["x-request-id"], headers["date"]
    assert head_says == get_says
    assert head.response.headers["content-length"] == str(len(get.response.content or b""))
    assert int(head.response.headers["content-length"]) > 0


def test_each_answer_has_the_id_of_its_request_and_a_date() -> None:
    ids = set()
    for _ in range(3):
        flow = flow_of()
        flow_messages.put_answer(flow, Answer(200, {}, b""))
        assert flow.response is not None
        assert flow.response.headers["date"].endswith(" GMT")
        request_id = flow.response.headers["x-request-id"]
        assert re.fullmatch("req_[0-9a-f]{32}", request_id)
        assert request_id == flow_messages.request_id(flow)
        ids.add(request_id)
    assert len(ids) == 3


def test_an_error_carries_the_marks_that_it_is_given() -> None:
    flow = flow_of()
    flow_messages.put_error(flow, ApiError(503, "Down.", retry=False), {"x-runway-sandbox": "true"})
    assert flow.response is not None
    assert flow.response.headers["x-runway-sandbox"] == "true"
    assert flow.response.headers["x-should-retry"] == "false"
    flow_messages.put_error(flow, ApiError(503, "Down."))
    assert "x-runway-sandbox" not in flow.response.headers


def test_credentials_come_off_in_any_case_and_number() -> None:
    tokens = CallerTokens([Caller("app", "hush-token")])
    came = (
        (b"AUTHORIZATION", b"Bearer a"),
        (b"X", b"y"),
        (b"Api-Key", b"b"),
        (b"x", b"\xff"),
        (b"api-key", b"c"),
        (b"X-API-Key", b"d"),
        (b"Cookie", b"e=f"),
        (b"X-Other", b"is hush-token"),
    )
    flow = flow_of(headers=http.Headers(came))
    assert flow_messages.take_credentials(flow, tokens) == came
    assert flow.request.headers.fields == ((b"X", b"y"), (b"x", b"\xff"))
    assert flow_messages.take_credentials(flow, tokens) == ((b"X", b"y"), (b"x", b"\xff"))


def test_tokens_alone_come_off_what_goes_on() -> None:
    tokens = CallerTokens([Caller("app", "hush-token")])
    own = ((b"Authorization", b"Bearer sk-own"), (b"Cookie", b"a=b"))
    fields = (
        *own,
        (b"x-api-key", b"hush-token"),
        (b"authorization", b"Bearer\thush-token"),
        (b"Proxy-Authorization", b"Bearer of-nobody"),
    )
    flow = flow_of(path="/v1/chat?a=%2F&&api_key=hush-token&b", headers=http.Headers(fields))
    flow_messages.take_tokens(flow, tokens, has_callers=True)
    flow_messages.take_tokens_off_target(flow, tokens)
    assert flow.request.headers.fields == own
    assert flow.request.path == "/v1/chat?a=%2F&&b"
    flow = flow_of(path="/v1/chat?api_key=hush-token", headers=http.Headers(fields))
    flow_messages.take_tokens(flow, CallerTokens(()), has_callers=False)
    flow_messages.take_tokens_off_target(flow, CallerTokens(()))
    assert flow.request.headers.fields == fields
    assert flow.request.path == "/v1/chat?api_key=hush-token"

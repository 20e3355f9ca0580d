"""What is put on mitmproxy's flows: answers and errors; never a credential."""

from __future__ import annotations

import json

import pytest
from mitmproxy import http

from runway_addon import flow_messages
from runway_videos.errors import ApiError
from runway_videos.openai.messages import Answer
from unit.addon.flow_harness import flow_of, headers_of


def test_answer_and_error_are_put_on_the_flow_without_the_detail() -> None:
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
    ("version", "asked", "connection"),
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
    version: bytes, asked: dict[str, str], connection: str | None
) -> None:
    """A balancer that is not told keeps it, and its next request is lost on it."""
    flow = flow_of(headers=headers_of(*asked.items()), http_version=version)
    flow_messages.put_error(flow, ApiError(401, "No."))
    assert flow.response is not None
    assert flow.response.headers.get("connection") == connection


@pytest.mark.parametrize("body", [b"", b"{}", b"x" * 5000])
def test_an_answer_to_head_has_no_body_but_its_length(body: bytes) -> None:
    flow = flow_of("HEAD")
    flow_messages.put_answer(flow, Answer(200, {"x-a": "b"}, body))
    assert flow.response is not None
    assert flow.response.raw_content == b""
    assert dict(flow.response.headers) == {"x-a": "b", "content-length": str(len(body))}
    assert flow.request.method == "HEAD"


def test_an_error_to_head_has_no_body_but_its_length() -> None:
    get, head = flow_of("GET"), flow_of("HEAD")
    for flow in (get, head):
        flow_messages.put_error(flow, ApiError(404, "Gone."), {"x-runway-sandbox": "true"})
    assert get.response is not None
    assert head.response is not None
    assert head.response.raw_content == b""
    assert head.response.status_code == 404
    assert dict(head.response.headers) == dict(get.response.headers)
    assert head.response.headers["content-length"] == str(len(get.response.content or b""))
    assert int(head.response.headers["content-length"]) > 0


def test_an_error_carries_the_marks_that_it_is_given() -> None:
    flow = flow_of()
    flow_messages.put_error(flow, ApiError(503, "Down.", retry=False), {"x-runway-sandbox": "true"})
    assert flow.response is not None
    assert flow.response.headers["x-runway-sandbox"] == "true"
    assert flow.response.headers["x-should-retry"] == "false"
    flow_messages.put_error(flow, ApiError(503, "Down."))
    assert "x-runway-sandbox" not in flow.response.headers


def test_credentials_come_off_in_any_case_and_number() -> None:
    came = (
        (b"AUTHORIZATION", b"Bearer a"),
        (b"X", b"y"),
        (b"Api-Key", b"b"),
        (b"x", b"\xff"),
        (b"api-key", b"c"),
    )
    flow = flow_of(headers=http.Headers(came))
    assert flow_messages.take_credentials(flow) == came
    assert flow.request.headers.fields == ((b"X", b"y"), (b"x", b"\xff"))
    assert flow_messages.take_credentials(flow) == ((b"X", b"y"), (b"x", b"\xff"))


@pytest.mark.parametrize(
    ("link", "next_proxy", "authority"),
    [
        ("http://files.example/v.mp4", True, "files.example"),
        ("http://files.example:81/v.mp4", True, "files.example:81"),
        ("https://files.example/v.mp4", True, ""),  # by CONNECT
        ("http://files.example/v.mp4", False, ""),
    ],
)
def test_a_next_proxy_is_told_where_a_plain_request_goes(link: str, next_proxy: bool, authority: str) -> None:
    flow = flow_of()
    flow.request.authority = "before.example"
    flow_messages.send_to(flow, link, next_proxy=next_proxy)
    assert flow.request.authority == authority

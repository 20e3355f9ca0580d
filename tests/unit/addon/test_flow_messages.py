"""What is read off mitmproxy's flows: where one goes, what it asks for, who is still there."""

from __future__ import annotations

import pytest
from mitmproxy import connection, http

from runway_addon import flow_messages
from runway_videos.openai.messages import Answer
from runway_videos.openai.routes import Operation, Route
from unit.addon.flow_harness import flow_of, headers_of, response

ROUTE = Route(Operation.STATUS, "video_rw1")
SIGNED = "https://files.example/out/v.mp4?Expires=1&Signature=hush~-_"


@pytest.mark.parametrize(
    ("url", "keep", "found"),
    [
        ("https://api.openai.com", True, ("https", "api.openai.com", 443, "/v1/chat?x=1")),
        ("http://gw.example:9000/base/", True, ("http", "gw.example", 9000, "/base/v1/chat?x=1")),
        ("http://[::1]:9000", True, ("http", "::1", 9000, "/v1/chat?x=1")),
        (SIGNED, False, ("https", "files.example", 443, "/out/v.mp4?Expires=1&Signature=hush~-_")),
        ("http://files.example", False, ("http", "files.example", 80, "/")),
    ],
)
def test_request_is_sent_to_another_url(url: str, keep: bool, found: tuple[str, str, int, str]) -> None:
    flow = flow_of(path="/v1/chat?x=1", headers=headers_of(host="127.0.0.1:8080"))
    flow_messages.send_to(flow.request, url, keep_path=keep)
    request = flow.request
    assert (request.scheme, request.host, request.port, request.path) == found
    assert "127.0.0.1" not in request.headers["host"]


def test_headers_are_lower_case_and_repeated_ones_joined() -> None:
    headers = http.Headers(
        [(b"Authorization", b"Bearer a"), (b"X-A", b"1"), (b"x-a", b"2"), (b"X-B", b"\xff")]
    )
    assert flow_messages.lower_headers(flow_of(headers=headers)) == {
        "authorization": "Bearer a",
        "x-a": "1, 2",
        "x-b": "\udcff",
    }


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/videos", {}),
        ("/v1/videos?", {}),
        ("/x?variant=video&a=1&a=2", {"variant": "video", "a": "2"}),
        ("/x?variant=", {"variant": ""}),
        ("/x?variant", {"variant": ""}),
        ("/x?a=%20b+c&%61=d", {"a": "d"}),
        ("/x?a=?b=c", {"a": "?b=c"}),
        ("/x?%ff=\udcff&&&=;", {"\ufffd": "\udcff", "": ";"}),
    ],
)
def test_query_is_parsed_with_blank_values(path: str, query: dict[str, str]) -> None:
    assert flow_messages.query(flow_of(path=path)) == query


@pytest.mark.parametrize(
    ("method", "version", "headers", "size"),
    [
        ("POST", b"HTTP/1.1", {"content-length": "5"}, 5),
        ("POST", b"HTTP/1.1", {}, 0),
        ("POST", b"HTTP/1.1", {"transfer-encoding": "chunked"}, None),
        ("POST", b"HTTP/1.1", {"content-length": "x"}, None),
        ("POST", b"HTTP/1.1", {"content-length": "-5"}, None),
        ("GET", b"HTTP/1.1", {}, 0),
        ("POST", b"HTTP/2.0", {"content-length": "5"}, 5),
        ("POST", b"HTTP/2.0", {}, None),
        ("POST", b"HTTP/2.0", {"content-length": "\u00b2"}, None),
        ("GET", b"HTTP/2.0", {}, None),
        ("DELETE", b"HTTP/2.0", {}, None),
        ("POST", b"HTTP/3", {}, None),
    ],
)
def test_a_body_of_unknown_length_is_known_to_be_one(
    method: str, version: bytes, headers: dict[str, str], size: int | None
) -> None:
    flow = flow_of(method, headers=headers_of(*headers.items()), http_version=version)
    assert flow_messages.request_size(flow) == size
    assert flow_messages.request_size(flow, has_body=False) == 0


@pytest.mark.parametrize(
    ("headers", "long"),
    [
        ({"content-length": "5"}, False),
        ({"content-length": str(1 << 20)}, False),
        ({"content-length": str((1 << 20) + 1)}, True),
        ({"transfer-encoding": "chunked"}, True),
        ({}, True),
        ({"content-length": "x"}, True),
        ({"content-length": "5", "content-type": "text/event-stream; charset=utf-8"}, True),
    ],
)
def test_responses_that_must_not_be_held_up(headers: dict[str, str], long: bool) -> None:
    flow = flow_of()
    flow.response = response(headers=headers)
    assert flow_messages.response_is_long(flow) is long


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_a_response_without_a_body_is_short(method: str, status: int) -> None:
    flow = flow_of(method)
    flow.response = response(status)
    assert not flow_messages.response_is_long(flow)


def test_a_call_is_what_the_flow_says() -> None:
    flow = flow_of("POST", "/v1/videos?a=1", b"{}", headers=headers_of(X_A="1"))
    # An Idempotency-Key that held a token was taken off the flow, and counts all the same.
    came = headers_of(X_A="1", Idempotency_Key="hush-1", Authorization="Bearer hush").fields
    call = flow_messages.call_of(flow, ROUTE, "team-a", came)
    assert (call.route, call.query, call.body, call.caller) == (ROUTE, {"a": "1"}, b"{}", "team-a")
    assert call.headers == {"x-a": "1", "idempotency-key": "hush-1"}


def test_a_replay_has_no_client_that_could_hang_up() -> None:
    flow = flow_of()
    flow.is_replay = "request"
    flow.client_conn.state = connection.ConnectionState.CLOSED
    call = flow_messages.call_of(flow, ROUTE, "", ())
    assert call.replayed
    assert not call.gone()


@pytest.mark.parametrize(
    ("state", "gone"),
    [
        (connection.ConnectionState.OPEN, False),
        (connection.ConnectionState.CAN_WRITE, False),  # it only ended its sending
        (connection.ConnectionState.CAN_READ, True),
        (connection.ConnectionState.CLOSED, True),
    ],
)
def test_a_client_that_hung_up_is_seen_while_its_call_runs(
    state: connection.ConnectionState, gone: bool
) -> None:
    flow = flow_of()
    call = flow_messages.call_of(flow, ROUTE, "", ())
    flow.client_conn.state = connection.ConnectionState.OPEN
    assert not call.gone()
    flow.client_conn.state = state
    assert call.gone() is gone
    assert flow_messages.client_is_there(flow) is not gone


def test_an_answer_is_what_mitmproxys_constructor_makes() -> None:
    flows = [flow_of(), flow_of()]
    flow_messages.put_answer(flows[0], Answer(404, {"x-a": "1"}, b"no"))
    flow_messages.put_answer(flows[1], Answer(200, {}, b"yes"))
    for flow, status, reason, content in zip(
        flows, (404, 200), (b"Not Found", b"OK"), (b"no", b"yes"), strict=True
    ):
        found = flow.response
        assert found is not None
        times = found.timestamp_start, found.timestamp_end
        made = http.Response(b"HTTP/1.1", status, reason, found.headers, content, None, *times)
        assert found.get_state() == made.get_state()
    assert ["x-a" in flow.response.headers for flow in flows if flow.response] == [True, False]

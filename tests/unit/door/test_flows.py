"""What is read off mitmproxy's flows: where one goes, what it asks for, who is still there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mitmproxy import connection, http
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.proxy import layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.events import DataReceived
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import taddons

from runway_door import flows, listening
from runway_videos.routes import Operation, Route
from unit.door.flow_box import flow_of, headers_of, response

ROUTE = Route(Operation.STATUS, "video_rw1")
SIGNED = "https://files.example/out/v.mp4?Expires=1&Signature=hush~-_"


@pytest.fixture(autouse=True)
def proxy() -> Iterator[taddons.context]:
    with taddons.context(Proxyserver()) as context:
        yield context


@pytest.mark.parametrize(
    ("line", "connected", "direct"),
    [
        (b"GET /v1/videos HTTP/1.1\r\n", None, True),
        (b"POST /v1/videos HTTP/1.1\r\n", None, True),
        (b"DELETE /", None, True),
        (b"GET http://api.openai.com/v1/videos HTTP/1.1\r\n", None, False),
        (b"CONNECT api.openai.com:443 HTTP/1.1\r\n", None, False),
        (b"\x16\x03\x01\x02\x00\x01", None, False),
        (b"", None, False),
        # Inside a tunnel the request line has no host either.
        (b"GET /v1/videos HTTP/1.1\r\n", ("api.openai.com", 443), False),
    ],
)
def test_who_speaks_to_the_proxy_itself_is_seen_by_the_first_line(
    line: bytes, connected: tuple[str, int] | None, direct: bool, proxy: taddons.context
) -> None:
    flow = flow_of()
    flow.server_conn = connection.Server(address=None)
    context = Context(flow.client_conn, proxy.options)
    context.server.address = connected
    next_layer = layer.NextLayer(context)
    next_layer.events.append(DataReceived(flow.client_conn, line))
    flows.note_first_line(next_layer)
    assert flows.is_for_proxy(flow) is direct
    flow.server_conn = connection.Server(address=("api.openai.com", 443))
    assert not flows.is_for_proxy(flow)


@pytest.mark.parametrize(
    ("mode", "for_proxy", "reverse"),
    [
        ("regular", True, False),
        ("upstream:http://127.0.0.1:1", True, False),
        ("reverse:https://gateway.example", False, True),
        ("transparent", False, False),
        ("socks5", False, False),
    ],
)
def test_only_where_there_is_a_proxy_a_request_can_be_for_it(
    mode: str, for_proxy: bool, reverse: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "is_own_address", lambda host, port: (host, port) == ("127.0.0.1", 8080))
    flow = flow_of(host="127.0.0.1", port=8080)
    flow.client_conn.proxy_mode = ProxyMode.parse(mode)
    assert flows.is_for_proxy(flow) is for_proxy
    assert flows.is_reverse(flow) is reverse
    flow.request.port = 8081
    assert not flows.is_for_proxy(flow)


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
def test_a_request_is_sent_elsewhere(url: str, keep: bool, found: tuple[str, str, int, str]) -> None:
    flow = flow_of(path="/v1/chat?x=1", headers=headers_of(host="127.0.0.1:8080"))
    flows.send_to(flow, url, keep_path=keep)
    request = flow.request
    assert (request.scheme, request.host, request.port, request.path) == found
    assert "127.0.0.1" not in request.headers["host"]


def test_headers_are_lower_case_and_repeated_ones_joined() -> None:
    headers = http.Headers(
        [(b"Authorization", b"Bearer a"), (b"X-A", b"1"), (b"x-a", b"2"), (b"X-B", b"\xff")]
    )
    assert flows.lower_headers(flow_of(headers=headers)) == {
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
def test_the_query(path: str, query: dict[str, str]) -> None:
    assert flows.query(flow_of(path=path)) == query


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
        ("GET", b"HTTP/2.0", {}, 0),
        ("DELETE", b"HTTP/2.0", {}, 0),
        ("POST", b"HTTP/3", {}, None),
    ],
)
def test_a_body_of_unknown_length_is_known_to_be_one(
    method: str, version: bytes, headers: dict[str, str], size: int | None
) -> None:
    flow = flow_of(method, headers=headers_of(*headers.items()), http_version=version)
    assert flows.request_size(flow) == size


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
    assert flows.response_is_long(flow) is long


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_a_response_without_a_body_is_short(method: str, status: int) -> None:
    flow = flow_of(method)
    flow.response = response(status)
    assert not flows.response_is_long(flow)


def test_a_call_is_what_the_flow_says() -> None:
    flow = flow_of("POST", "/v1/videos?a=1", b"{}", headers=headers_of(X_A="1"))
    call = flows.call_of(flow, ROUTE, "team-a")
    assert (call.route, call.query, call.body, call.caller) == (ROUTE, {"a": "1"}, b"{}", "team-a")
    assert call.headers["x-a"] == "1"


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
    call = flows.call_of(flow, ROUTE, "")
    flow.client_conn.state = connection.ConnectionState.OPEN
    assert not call.gone()
    flow.client_conn.state = state
    assert call.gone() is gone


def test_a_client_without_an_address_has_none() -> None:
    flow = flow_of()
    flow.client_conn.peername = ("::1", 5, 0, 0)  # type: ignore[assignment]
    assert flows.peer(flow) == "::1"
    flow.client_conn.peername = None  # type: ignore[assignment]
    assert flows.peer(flow) == ""

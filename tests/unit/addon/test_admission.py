"""Who is let in with a request's headers alone; what passes, what is turned away, what is not even read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.test import taddons

from runway_addon.admission import AdmittedCall
from runway_addon.connections import Connections
from runway_addon.http_layer import RequestForms
from runway_addon.seldom import Seldom
from runway_videos.errors import ApiError
from runway_videos.openai.routes import Operation, Route
from unit.addon.admission_harness import CALLERS, ID, admission, asked, error_of, form, own


@pytest.fixture(autouse=True)
def _proxy() -> Iterator[None]:
    with taddons.context(Proxyserver()):
        yield


@pytest.mark.parametrize(
    "flow",
    [
        asked(),
        own(),
        asked(host="API.OpenAI.com", port=80),
        asked(host="localhost", mode="reverse:https://gateway.example"),
        own(path="/openai/v1/videos/"),
    ],
)
def test_a_video_call_is_let_in_without_its_credentials(flow: http.HTTPFlow) -> None:
    host = flow.request.headers.fields
    flow.request.headers.add("Authorization", "Bearer sk-hush")
    flow.request.headers.add("api-key", "hush")
    came = (*host, (b"Authorization", b"Bearer sk-hush"), (b"api-key", b"hush"))
    route = Route(Operation.CREATE, name="list")
    assert admission().admit(flow) == AdmittedCall(route, "", came)
    assert flow.request.headers.fields == host
    assert flow.response is None
    assert "hush" not in str(flow.get_state())


@pytest.mark.parametrize(
    "flow",
    [
        asked(host="gateway.example"),
        asked(path="/v1/chat/completions"),
        asked("GET", "/v1/videos/video_68"),
        asked("GET", "/v1/videos/video_68/content"),
        asked("PUT", "/v1/videos", authorization="Bearer sk-mine"),
        asked("DELETE", "/v1/videos"),
        asked("PATCH", "/openai/v1/videos", mode="reverse:https://gateway.example"),
        asked(path="/v1/chat", mode="reverse:https://gateway.example"),
    ],
)
def test_other_traffic_goes_where_it_was_going(flow: http.HTTPFlow) -> None:
    before = (flow.request.pretty_url, dict(flow.request.headers))
    assert admission().admit(flow) is None
    assert flow.response is None
    assert (flow.request.pretty_url, dict(flow.request.headers)) == before


def test_what_is_for_the_proxy_and_no_video_call_goes_to_the_fallback() -> None:
    flow = own(path="/v1/chat?x=1", authorization="Bearer sk-mine")
    assert admission().admit(flow) is None
    assert flow.request.pretty_url == "https://api.openai.com/v1/chat?x=1"
    assert flow.request.headers["authorization"] == "Bearer sk-mine"
    flow = own(path="/v1/chat?x=1")
    assert admission(fallback="none").admit(flow) is None
    assert error_of(flow, 404)["code"] == "unknown_url"


def test_an_id_that_is_not_ours_is_unknown_to_the_proxy_itself() -> None:
    flow = own("GET", "/v1/videos/video_68/content")
    assert admission().admit(flow) is None
    assert error_of(flow, 404)["message"] == "Video with id 'video_68' not found."


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_method_that_the_collection_has_not_is_refused_by_the_proxy_itself(method: str) -> None:
    flow = own(method)
    assert admission().admit(flow) is None
    assert error_of(flow, 405)["code"] == "method_not_allowed"


# Callers


def test_a_known_caller_is_let_in_from_anywhere_by_name() -> None:
    flow = own("GET", f"/v1/videos/{ID}", peer="10.0.0.9", authorization="Bearer tok_hush", via="1.1 lb")
    admitted = admission(callers=CALLERS).admit(flow)
    assert admitted is not None
    assert (admitted.caller, admitted.route) == ("app", Route(Operation.STATUS, ID))
    assert "hush" not in str(flow.get_state())


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "HEAD", "PUT"])
@pytest.mark.parametrize("path", ["", f"/{ID}", f"/{ID}/content", "/edits", "/video_68"])
def test_nobody_else_is_for_any_operation(method: str, path: str) -> None:
    cases: list[tuple[http.HTTPFlow, dict[str, Any], int]] = [
        (own(method, f"/v1/videos{path}", authorization="Bearer hush"), {"callers": CALLERS}, 401),
        (own(method, f"/v1/videos{path}", peer="10.0.0.9", authorization="Bearer hush"), {}, 403),
        (own(method, f"/v1/videos{path}", x_forwarded_for="::1", authorization="Bearer hush"), {}, 403),
    ]
    for flow, options, status in cases:
        assert admission(**options).admit(flow) is None
        if method == "HEAD":
            assert flow.response is not None
            assert flow.response.status_code == status
        else:
            assert error_of(flow, status)["code"] in ("invalid_api_key", "callers_required")


def test_a_callers_token_does_not_go_on_with_other_traffic() -> None:
    gate = admission(callers=CALLERS, fallback="https://gw.example", forward=True)
    flow = own(path="/v1/chat", authorization="Bearer tok_hush", proxy_authorization="Bearer hush", x_a="b")
    assert gate.admit(flow) is None
    assert flow.request.host == "gw.example"
    assert "hush" not in str(flow.get_state())
    assert flow.request.headers["x-a"] == "b"


def test_a_create_that_is_passed_on_gets_its_own_credentials_back_and_no_token() -> None:
    for token, back in (("sk-mine", "Bearer sk-mine"), ("tok_hush", None)):
        options: dict[str, Any] = {} if back else {"callers": CALLERS, "forward": True}
        gate = admission(**options)
        through: dict[str, Any] = {} if back else {"proxy_authorization": "Bearer tok_hush"}
        flow = asked(authorization=f"Bearer {token}", **through)
        admitted = gate.admit(flow)
        assert admitted is not None
        gate.forward_create(flow, admitted, "gen4.5")
        assert flow.request.headers.get("authorization") == back
        assert "proxy-authorization" not in flow.request.headers
        assert flow.request.host == "api.openai.com"


def test_a_create_that_is_passed_on_has_its_headers_as_they_came() -> None:
    flow = asked()
    came = (
        (b"host", b"api.openai.com"),
        (b"X-A", b"1"),
        (b"AUTHORIZATION", b"Bearer sk-mine"),
        (b"x-a", b"\xff"),
        (b"Api-Key", b"b"),
        (b"api-KEY", b"c"),
        (b"Z", b""),
    )
    flow.request.headers.fields = came
    gate = admission()
    admitted = gate.admit(flow)
    assert admitted is not None
    assert flow.request.headers.fields != came
    gate.forward_create(flow, admitted, "gen4.5")
    assert flow.request.headers.fields == came


def test_a_caller_who_may_not_forward_gets_nothing_passed_on() -> None:
    gate = admission(callers=CALLERS)
    flow = asked(peer="10.0.0.9", authorization="Bearer tok_hush", api_key="hush")
    admitted = gate.admit(flow)
    assert admitted is not None
    with pytest.raises(ApiError) as caught:
        gate.forward_create(flow, admitted, "gen4.5")
    assert (caught.value.status, caught.value.code) == (403, "forwarding_disabled")
    assert "hush" not in str(flow.get_state())


# Strangers


@pytest.mark.parametrize(
    ("forward", "token", "mode", "refusal"),
    [
        (False, False, "regular", (403, "forwarding_disabled")),
        (False, True, "regular", (403, "forwarding_disabled")),
        (True, False, "regular", (407, "proxy_authorization_required")),
        (True, True, "regular", None),
        (True, False, "upstream:http://127.0.0.1:1", (407, "proxy_authorization_required")),
        (True, True, "upstream:http://127.0.0.1:1", None),
        # No token can come that way.
        (True, False, "socks5", (407, "proxy_authorization_required")),
        (True, False, "transparent", None),
        (False, True, "transparent", (403, "forwarding_disabled")),
        (False, False, "reverse:https://gateway.example", None),
    ],
)
@pytest.mark.parametrize("peer", ["10.0.0.9", "127.0.0.1"])
def test_other_traffic_with_callers(
    forward: bool, token: bool, mode: str, refusal: tuple[int, str] | None, peer: str
) -> None:
    known: dict[str, Any] = {"proxy_authorization": "Bearer tok_hush"} if token else {}
    flow = asked(path="/v1/chat", host="elsewhere.example", peer=peer, mode=mode, **known)
    assert admission(callers=CALLERS, forward=forward).admit(flow) is None
    assert "hush" not in str(flow.get_state())
    if refusal is None:
        assert flow.response is None
        return
    assert error_of(flow, refusal[0])["code"] == refusal[1]
    assert flow.response is not None
    assert ("proxy-authenticate" in flow.response.headers) == (refusal[0] == 407)


def test_a_tunnel_that_a_token_opened_is_for_all_traffic() -> None:
    connections = Connections()
    gate = admission(connections, callers=CALLERS, forward=True)
    flow = asked("CONNECT", host="elsewhere.example", proxy_authorization="Basic YTp0b2tfaHVzaA==")
    client = flow.client_conn
    gate.connect(flow)
    assert flow.response is None
    assert "hush" not in str(flow.get_state())
    assert gate.may_open(client)
    inner = asked(path="/v1/chat", host="elsewhere.example")
    inner.client_conn = client
    gate.admit(inner)
    assert inner.response is None


def test_a_tunnel_to_a_video_host_is_for_video_calls_alone() -> None:
    connections = Connections()
    gate = admission(connections, callers=CALLERS, forward=True)
    flow = asked("CONNECT")
    client = flow.client_conn
    connections.let_in(client)  # by another client's request over the same connection
    gate.connect(flow)
    assert flow.response is None
    assert not gate.may_open(client)
    for inner, status in (
        (asked(path="/v1/chat"), 403),
        (asked(authorization="Bearer wrong"), 401),
        (asked(authorization="Bearer tok_hush"), None),
    ):
        inner.client_conn = client
        gate.admit(inner)
        assert (inner.response and inner.response.status_code) == status


def test_a_refused_tunnel_leaves_nothing_behind() -> None:
    connections = Connections()
    gate = admission(connections, callers=CALLERS, forward=True)
    flow = asked("CONNECT", host="elsewhere.example", proxy_authorization="Bearer hush")
    gate.connect(flow)
    assert error_of(flow, 407)["code"] == "proxy_authorization_required"
    assert connections.tunnel(flow.client_conn) is None
    assert not gate.may_open(flow.client_conn)


def test_a_tunnel_that_is_not_the_local_users_has_none_in_it() -> None:
    """A balancer's sign stands on the CONNECT alone: nothing is added to what is in the tunnel."""
    connections = Connections()
    gate = admission(connections)
    flow = asked("CONNECT", x_forwarded_for="10.0.0.9")
    gate.connect(flow)
    assert flow.response is None
    inner = asked()
    inner.client_conn = flow.client_conn
    assert gate.admit(inner) is None
    assert error_of(inner, 403)["code"] == "callers_required"


@pytest.mark.parametrize(
    ("host", "code"),
    [("localhost:8080", None), ("api.openai.com", None), ("evil.example:8080", "callers_required")],
)
def test_the_host_of_each_request_counts_without_callers(host: str, code: str | None) -> None:
    forms = RequestForms()
    flow = asked(host="evil.example")
    forms.note(flow.request, form(host))
    admitted = admission(forms=forms).admit(flow)
    assert (admitted is None) == (code is not None)
    if code:
        assert error_of(flow, 403)["code"] == code


@pytest.mark.parametrize(
    ("mode", "options", "peer", "allowed"),
    [
        ("regular", {}, "127.0.0.1", False),  # in a tunnel only
        ("upstream:http://127.0.0.1:1", {}, "127.0.0.1", False),
        ("socks5", {}, "127.0.0.1", True),
        ("socks5", {}, "10.0.0.9", False),
        ("socks5", {"callers": CALLERS, "forward": True}, "127.0.0.1", False),
        ("transparent", {}, "127.0.0.1", True),
        ("transparent", {}, "10.0.0.9", False),
        ("transparent", {"forward": True}, "10.0.0.9", True),
        ("transparent", {"callers": CALLERS}, "127.0.0.1", False),
        ("transparent", {"callers": CALLERS, "forward": True}, "10.0.0.9", True),
        ("reverse:tcp://gateway.example:1", {}, "10.0.0.9", False),
        ("reverse:tcp://gateway.example:1", {"callers": CALLERS}, "10.0.0.9", True),
    ],
)
def test_what_is_no_http(mode: str, options: dict[str, Any], peer: str, allowed: bool) -> None:
    client = asked(mode=mode, peer=peer).client_conn
    connections = Connections()
    assert admission(connections, **options).may_open(client) is allowed
    assert connections.may_open(client) is allowed


def test_refusals_are_logged_once_a_minute_for_each_peer_and_kind(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    gate = admission(seldom=Seldom(lambda: now[0]), callers=CALLERS)
    for _ in range(3):
        gate.admit(asked(path="/v1/chat", host="elsewhere.example"))
        gate.admit(asked(path="/v1/chat", host="elsewhere.example", peer="10.0.0.9"))
        gate.admit(own(path="/v1/chat", authorization="Bearer tok_hush", peer="10.0.0.9"))
        gate.connect(asked("CONNECT", host="elsewhere.example"))
    said = caplog.messages
    assert len([each for each in said if "refused traffic through the proxy from 127.0.0.1" in each]) == 1
    assert len([each for each in said if "refused a tunnel from 127.0.0.1" in each]) == 1
    assert "hush" not in caplog.text
    before = len(said)
    now[0] = 61.0
    gate.admit(asked(path="/v1/chat", host="elsewhere.example"))
    assert len(caplog.messages) == before + 1


def test_raw_bytes_in_a_path_are_answered_too() -> None:
    flow = own("GET", "/\udcff\x1b[31m")
    assert admission(fallback="none").admit(flow) is None
    assert error_of(flow, 404)["message"].isprintable()

"""Other traffic: tunnels, what is no HTTP, whose Host it is, and what the log says of refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.test import taddons

from runway_addon.connections import Connections
from runway_addon.http_layer import RequestForms
from runway_addon.log_throttle import LogThrottle
from unit.addon.admission_harness import CALLERS, admission, asked, error_of, form, own


@pytest.fixture(autouse=True)
def _proxy() -> Iterator[None]:
    with taddons.context(Proxyserver()):
        yield


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
    gate = admission(throttle=LogThrottle(lambda: now[0]), callers=CALLERS)
    for _ in range(3):
        gate.admit(asked(path="/v1/chat", host="elsewhere.example"))
        gate.admit(asked(path="/v1/chat", host="elsewhere.example", peer="10.0.0.9"))
        gate.admit(own(path="/v1/chat", authorization="Bearer tok_hush", peer="10.0.0.9"))
        gate.connect(asked("CONNECT", host="elsewhere.example"))
    messages = caplog.messages
    assert len([each for each in messages if "refused traffic through the proxy from 127.0.0.1" in each]) == 1
    assert len([each for each in messages if "refused a tunnel from 127.0.0.1" in each]) == 1
    assert "hush" not in caplog.text
    before = len(messages)
    now[0] = 61.0
    gate.admit(asked(path="/v1/chat", host="elsewhere.example"))
    assert len(caplog.messages) == before + 1


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/sora-2"])
def test_a_call_for_the_models_that_goes_on_is_known_by_its_caller(path: str) -> None:
    options: dict[str, Any] = {"callers": CALLERS, "forward": True, "fallback": "https://gateway.example"}
    admitted = admission(**options).admit(own("GET", path, authorization="Bearer tok_hush"))
    assert admitted is not None
    assert (admitted.goes_on, admitted.caller) == (True, "app")

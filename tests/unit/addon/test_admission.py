"""Who is let in with a request's headers alone; what passes, what is turned away, what is not even read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.test import taddons

from runway_videos.errors import ApiError
from runway_videos.openai.messages import PassThrough
from runway_videos.openai.routes import Operation, Route
from unit.addon.admission_harness import CALLERS, ID, admission, asked, error_of, own


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
    route = Route(Operation.CREATE, name="create")
    admitted = admission().admit(flow)
    assert admitted is not None
    assert (admitted.route, admitted.caller, admitted.headers) == (route, "", came)
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
    assert (admitted.caller, admitted.route) == ("app", Route(Operation.STATUS, ID, "status"))
    assert "hush" not in str(flow.get_state())


def test_a_token_stands_nowhere_on_a_flow_and_the_callers_own_credentials_go_on() -> None:
    everywhere = {
        "x_api_key": "tok_hush",
        "cookie": "a=b; t=tok_hush",
        "x_own": "sk-own",
        "referer": "?tok_hush",
    }
    options: dict[str, Any] = {"callers": CALLERS, "forward": True, "fallback": "https://gateway.example"}
    for flow, let_in, target in (
        (own(path="/v1/videos?k=tok_hush&a=b", authorization="Bearer tok_hush"), True, "/v1/videos?a=b"),
        (own(path="/v1/videos?k=tok_hush", authorization="Bearer wrong"), False, "/v1/videos"),
        (own(path="/v1/chat?k=tok_hush", authorization="Bearer tok_hush"), False, "/v1/chat"),
        (own(path="/v1/chat?k=tok_hush", authorization="Bearer wrong"), False, "/v1/chat"),
        (asked(path="/v1/tok_hush?k=tok_hush", host="a.example", mode="transparent"), False, "/v1/redacted"),
        (asked(path="/v1/chat?k=tok_hush", mode="reverse:https://gateway.example"), False, "/v1/chat"),
        (asked("CONNECT", path="", proxy_authorization="Bearer tok_hush"), False, ""),
    ):
        for name, value in everywhere.items():
            flow.request.headers[name.replace("_", "-")] = value
        gate = admission(**options)
        if flow.request.method == "CONNECT":
            gate.connect(flow)
        else:
            assert (gate.admit(flow) is not None) is let_in
        assert "hush" not in str(flow.get_state())
        assert flow.request.path == target
        assert flow.request.headers["x-own"] == "sk-own"
        if flow.response is None and not let_in and flow.request.method != "CONNECT":
            assert flow.request.headers["cookie"] == "a=b"


def test_a_create_that_goes_on_gets_its_own_headers_back_without_tokens() -> None:
    gate = admission(callers=CALLERS, forward=True)
    headers: dict[str, Any] = {
        "authorization": "Bearer tok_hush",
        "x_api_key": "sk-own",
        "cookie": "a=b; t=tok_hush",
    }
    flow = asked(path="/v1/videos?k=tok_hush", mode="reverse:https://gateway.example", **headers)
    admitted = gate.admit(flow)
    assert admitted is not None
    gate.forward_create(flow, admitted, PassThrough("sora-2*"))
    assert "hush" not in str(flow.get_state())
    assert (flow.request.headers["x-api-key"], flow.request.headers["cookie"]) == ("sk-own", "a=b")
    assert "authorization" not in flow.request.headers


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
        gate.forward_create(flow, admitted, PassThrough("gen4.5"))
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
    gate.forward_create(flow, admitted, PassThrough("gen4.5"))
    assert flow.request.headers.fields == came


def test_a_caller_who_may_not_forward_gets_nothing_passed_on() -> None:
    gate = admission(callers=CALLERS)
    flow = asked(peer="10.0.0.9", authorization="Bearer tok_hush", api_key="hush")
    admitted = gate.admit(flow)
    assert admitted is not None
    with pytest.raises(ApiError) as caught:
        gate.forward_create(flow, admitted, PassThrough("gen4.5"))
    assert (caught.value.status, caught.value.code) == (403, "forwarding_disabled")
    assert "hush" not in str(flow.get_state())


def test_raw_bytes_in_a_path_are_answered_too() -> None:
    flow = own("GET", "/\udcff\x1b[31m")
    assert admission(fallback="none").admit(flow) is None
    assert error_of(flow, 404)["message"].isprintable()

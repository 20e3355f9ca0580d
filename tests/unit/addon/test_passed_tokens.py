"""A caller's token that is its client's real key too: kept on what goes to `runway_hosts`, and only there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.test import taddons

from runway_addon.addresses import Addresses
from runway_addon.connections import Connections
from runway_addon.http_layer import RequestForms
from unit.addon.admission_harness import CALLERS, TOKENS, admission, asked, own

PASSED = [CALLERS[0] | {"pass_token": True}]
BEARER = f"Bearer {TOKENS['T']}"
HOST = "api.openai.com"


@pytest.fixture(autouse=True)
def _proxy() -> Iterator[None]:
    with taddons.context(Proxyserver()):
        yield


def redirected(sni: str | None, host: str = HOST, scheme: str = "https", **headers: str) -> http.HTTPFlow:
    """A chat of a client that wanted to go to an IP address."""
    given: dict[str, Any] = {"authorization": BEARER, **headers}
    flow = asked(path="/v1/chat", host=host, mode="transparent", **given)
    flow.request.data.host, flow.request.data.scheme = "203.0.113.10", scheme.encode()
    flow.client_conn.sni = sni
    return flow


def sent(flow: http.HTTPFlow, callers: Any = PASSED, **options: Any) -> dict[str, str]:
    """The headers with which it goes on."""
    options = {"forward": True, **options}
    assert admission(callers=callers, **options).admit(flow) is None
    assert flow.response is None
    return {name.lower(): value for name, value in flow.request.headers.items()}


@pytest.mark.parametrize(
    ("flow", "kept"),
    [
        (redirected(HOST), True),
        (redirected(HOST.upper(), HOST.upper()), True),
        # Its name is not sure, or another one.
        (redirected(None), False),
        (redirected("evil.example"), False),
        (redirected(HOST, "evil.example"), False),
        (redirected(HOST, scheme="http"), False),
        (redirected("evil.example", "evil.example"), False),
        (asked(path="/v1/chat", mode="reverse:https://api.openai.com", authorization=BEARER), True),
        (asked(path="/v1/chat", mode="reverse:https://x", host="x", authorization=BEARER), False),
    ],
)
def test_where_it_is_kept(flow: http.HTTPFlow, kept: bool) -> None:
    headers = sent(flow)
    assert headers.get("authorization") == (BEARER if kept else None)


def test_where_no_certificate_is_looked_at_no_name_is_sure() -> None:
    forms = RequestForms()
    for checks in (True, False):
        found = Addresses(
            Connections(), forms, lambda host, port: False, checks_servers=partial(bool, checks)
        )
        assert found.goes_to(redirected(HOST), {HOST}) is checks
        assert found.goes_to(asked(path="/v1/chat"), {HOST})


def test_a_client_that_chose_the_proxy_keeps_it_by_the_name_that_is_looked_up() -> None:
    known: dict[str, Any] = {"authorization": BEARER, "proxy_authorization": BEARER}
    headers = sent(asked(path="/v1/chat", **known))
    assert headers["authorization"] == BEARER
    assert "proxy-authorization" not in headers
    other = asked(path="/v1/chat", host="evil.example", **known)
    assert "authorization" not in sent(other)
    misnamed = asked(path="/v1/chat", **known)
    misnamed.request.data.host = "evil.example"
    assert misnamed.request.pretty_host == HOST
    assert "authorization" not in sent(misnamed)


def test_the_fallback_gets_it_where_it_is_such_a_host() -> None:
    for fallback, kept in ((f"https://{HOST}", True), ("https://gateway.example", False)):
        headers = sent(own(path="/v1/chat", authorization=BEARER), fallback=fallback)
        assert ("authorization" in headers) is kept


def test_a_web_socket_keeps_it_where_its_clients_put_it() -> None:
    flow = redirected(HOST, sec_websocket_protocol=f"realtime, openai-insecure-api-key.{TOKENS['T']}")
    assert TOKENS["T"] in sent(flow)["sec-websocket-protocol"]


def test_another_callers_token_goes_nowhere() -> None:
    callers = [*PASSED, {"name": "b", "value": "tok_other_hush"}]
    headers = sent(redirected(HOST, x_other="tok_other_hush"), callers)
    assert headers["authorization"] == BEARER
    assert "x-other" not in headers
    assert "authorization" not in sent(redirected(HOST), CALLERS)
    with_other = redirected(HOST, authorization="Bearer tok_other_hush")
    assert "authorization" not in sent(with_other, callers)


def test_a_video_call_never_has_it_on_its_flow() -> None:
    flow = asked(authorization=BEARER)
    assert admission(callers=PASSED, forward=True).admit(flow) is not None
    assert "hush" not in str(flow.get_state())

"""The proxy's own paths under `/runway/`: who may ask, and that they hide nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mitmproxy import http
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.test import taddons

from runway_addon.connections import Connections
from runway_videos.openai.routes import Operation
from unit.addon.admission_harness import CALLERS, admission, asked, error_of, own

HEALTH = "/runway/healthz"


@pytest.fixture(autouse=True)
def _proxy() -> Iterator[None]:
    with taddons.context(Proxyserver()):
        yield


@pytest.mark.parametrize(
    "flow",
    [
        own("GET", HEALTH),
        own("HEAD", f"{HEALTH}?verbose=1"),
        own("GET", HEALTH, peer="192.168.1.20"),
        own("GET", HEALTH, x_forwarded_for="1.2.3.4"),
        own("GET", HEALTH, authorization="Bearer of-nobody"),
        asked("GET", HEALTH, host="localhost", mode="reverse:https://gateway.example"),
        asked("GET", HEALTH, mode="transparent", peer="10.0.0.9"),
    ],
)
@pytest.mark.parametrize("callers", [[], CALLERS])
def test_anyone_may_ask_for_health(flow: http.HTTPFlow, callers: list[dict[str, str]]) -> None:
    connections = Connections()
    admitted = admission(connections, callers=callers).admit(flow.copy())
    assert admitted is not None
    assert (admitted.route.operation, admitted.caller, admitted.size) == (Operation.HEALTH, "", 0)
    assert not connections.may_open(flow.client_conn)


@pytest.mark.parametrize(
    "flow",
    [
        asked("GET", HEALTH, host="gateway.example"),
        asked("GET", "/runway/other", host="localhost", mode="reverse:https://gateway.example"),
        asked("POST", "/runway/", host="localhost", mode="reverse:https://gateway.example"),
        asked("GET", f"{HEALTH}/", host="localhost", mode="reverse:https://gateway.example"),
    ],
)
def test_what_is_somebody_elses_goes_there(flow: http.HTTPFlow) -> None:
    before = flow.request.pretty_url
    assert admission().admit(flow) is None
    assert (flow.response, flow.request.pretty_url) == (None, before)


@pytest.mark.parametrize(("size", "cut"), [("1", False), ("9999999", True)])
def test_a_probe_has_no_body(size: str, cut: bool) -> None:
    flow = own("GET", HEALTH, peer="192.168.1.20", content_length=size)
    flow.live = True
    assert admission(callers=CALLERS).admit(flow) is None
    assert (flow.error is not None) is cut
    assert cut or error_of(flow, 400)["code"] == "invalid_value"

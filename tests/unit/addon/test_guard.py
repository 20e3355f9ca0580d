"""What stands when the script does not."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Iterator

import pytest
from mitmproxy import http
from mitmproxy.addonmanager import Loader
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.addons.script import ScriptLoader
from mitmproxy.connection import Server
from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook as HttpRequestHeaders
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.test import taddons, tflow

from runway_addon.admission import AdmittedCall
from runway_addon.connections import Connections
from runway_addon.guard import Decisions, Guard, LastGood, install
from runway_addon.http_layer import RequestForms
from runway_addon.log_throttle import LogThrottle
from runway_videos.openai.routes import Operation, Route
from unit.addon.admission_harness import asked, error_of
from unit.addon.flow_harness import headers_of
from unit.loopback import in_a_loop

LINE = "answers 503 to it"


class Guarded:
    """A guard, and what an addon would have told it."""

    def __init__(self) -> None:
        self.connections = Connections()
        self.decisions = Decisions()
        self.calls: weakref.WeakKeyDictionary[http.HTTPFlow, AdmittedCall] = weakref.WeakKeyDictionary()
        self.guard = Guard(
            self.connections, RequestForms(), self.decisions, self.calls, LogThrottle(lambda: 0.0)
        )


@pytest.fixture(autouse=True)
def proxy() -> Iterator[taddons.context]:
    with taddons.context(Proxyserver()) as context:
        yield context


def test_what_nobody_has_decided_on_is_a_503_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    guarded = Guarded()
    for _ in range(2):
        for method, hook in (("GET", guarded.guard.requestheaders), ("CONNECT", guarded.guard.http_connect)):
            flow = asked(method, "/v1/chat", authorization="Bearer hush", proxy_authorization="Basic hush")
            hook(flow)
            error_of(flow, 503)
    assert [LINE in line for line in caplog.messages] == [True]


def test_what_is_decided_passes(caplog: pytest.LogCaptureFixture) -> None:
    guarded = Guarded()
    for hook in (guarded.guard.requestheaders, guarded.guard.http_connect):
        flow = asked()
        guarded.decisions.made(flow)
        hook(flow)
        assert flow.response is None
    refused = asked()
    refused.response = http.Response.make(407)  # by another addon
    guarded.guard.requestheaders(refused)
    assert refused.response.status_code == 407
    assert caplog.messages == []


@pytest.mark.parametrize("header", [{"transfer_encoding": "chunked"}, {"content_length": str(2 << 20)}])
def test_a_large_body_is_not_read(header: dict[str, str]) -> None:
    flow = asked()
    flow.request.headers = headers_of(host="api.openai.com", **header)
    flow.live = True
    Guarded().guard.requestheaders(flow)
    assert flow.error is not None
    assert flow.response is None


def test_a_call_that_was_let_in_does_not_go_out_unanswered() -> None:
    guarded = Guarded()
    flow, other = asked(), asked()
    guarded.calls[flow] = AdmittedCall(Route(Operation.CREATE), "", ())
    guarded.guard.request(flow)
    error_of(flow, 503)
    guarded.guard.request(other)
    assert other.response is None


def test_no_connection_to_a_server_and_nothing_that_is_no_http() -> None:
    guarded = Guarded()
    raw = tflow.ttcpflow()
    raw.live = True
    for let_in in (False, True):
        if let_in:
            guarded.connections.let_in(raw.client_conn)
            raw.error = None
        server = Server(address=("inside.example", 22))
        guarded.guard.server_connect(ServerConnectionHookData(server=server, client=raw.client_conn))
        assert (server.error is None) is let_in
        guarded.guard.tcp_start(raw)
        assert (raw.error is None) is let_in
    udp, dns = tflow.tudpflow(), tflow.tdnsflow()
    udp.live = dns.live = True
    guarded.guard.udp_start(udp)
    guarded.guard.dns_request(dns)
    assert udp.error is not None
    assert dns.error is not None


@in_a_loop
async def test_both_stand_at_their_place_and_once(proxy: taddons.context) -> None:
    class Later:
        name = "later"

    proxy.master.addons.add(ScriptLoader(), Later())
    guarded, last_good = Guarded(), LastGood()
    install(guarded.guard)
    install(Guarded().guard)
    assert names_behind_scripts(proxy) == ["later", "runway_guard"]
    assert proxy.master.addons.get("runway_guard") is guarded.guard
    for _ in range(2):
        last_good.keep(Worked())
        assert names_behind_scripts(proxy) == ["runway_last_good", "later", "runway_guard"]
    last_good.replaced_by(Worked())
    assert names_behind_scripts(proxy) == ["later", "runway_guard"]


def names_behind_scripts(proxy: taddons.context) -> list[str]:
    names = [getattr(each, "name", type(each).__name__.lower()) for each in proxy.master.addons.chain]
    return names[names.index("scriptloader") + 1 :]


class Worked:
    """An addon whose script has gone."""

    def __init__(self) -> None:
        self.asked: list[http.HTTPFlow] = []

    def load(self, loader: Loader) -> None: ...

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        self.asked.append(flow)

    def done(self) -> None: ...


@in_a_loop
async def test_the_last_good_addon_keeps_its_hooks_until_another_comes(
    proxy: taddons.context, caplog: pytest.LogCaptureFixture
) -> None:
    last_good, addon = LastGood(), Worked()
    last_good.keep(addon)
    await asyncio.sleep(0)
    assert [("last good" in line) for line in caplog.messages] == [True]
    flow = asked()
    await proxy.master.addons.handle_lifecycle(HttpRequestHeaders(flow))
    assert addon.asked == [flow]
    last_good.replaced_by(addon)  # itself, with new settings
    assert last_good.addons == [addon]
    last_good.replaced_by(Worked())
    await proxy.master.addons.handle_lifecycle(HttpRequestHeaders(asked()))
    assert addon.asked == [flow]
    # A good reload: nothing is said.
    last_good.keep(addon)
    last_good.replaced_by(Worked())
    await asyncio.sleep(0)
    assert len(caplog.messages) == 1

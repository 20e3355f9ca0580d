"""Who a flow is for and whom it comes from, as far as mitmproxy's connections tell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mitmproxy import connection
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.proxy import layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.events import DataReceived
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.test import taddons

from runway_addon import flow_messages, listening
from unit.addon.flow_harness import flow_of, headers_of


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
    flow_messages.note_first_line(next_layer)
    assert flow_messages.is_for_proxy(flow) is direct
    flow.server_conn = connection.Server(address=("api.openai.com", 443))
    assert not flow_messages.is_for_proxy(flow)


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
    assert flow_messages.is_for_proxy(flow) is for_proxy
    assert flow_messages.is_reverse(flow) is reverse
    flow.request.port = 8081
    assert not flow_messages.is_for_proxy(flow)


def test_the_address_that_a_client_reached_is_the_proxys(proxy: taddons.context) -> None:
    """A machine has more addresses than those that are listened on by name."""
    flow = flow_of(host="10.0.0.1", port=8080)
    flow.client_conn.sockname = ("10.0.0.1", 8080)
    assert flow_messages.is_for_proxy(flow)
    flow.client_conn.sockname = ("fd00::1", 8080, 0, 0)  # type: ignore[assignment]
    assert not flow_messages.is_for_proxy(flow)
    flow.request.host = "fd00::1"
    assert flow_messages.is_for_proxy(flow)
    flow.request.port = 8081
    assert not flow_messages.is_for_proxy(flow)
    flow.client_conn.sockname = None  # type: ignore[assignment]
    assert not flow_messages.is_for_proxy(flow)
    flow.request.port, flow.client_conn.sockname = 8080, ("fd00::1", 8080)
    flow.client_conn.proxy_mode = ProxyMode.parse("transparent")
    assert not flow_messages.is_for_proxy(flow)


@pytest.mark.parametrize(
    ("tls", "scheme", "server", "for_proxy"),
    [
        (True, "https", None, True),
        (True, "https", ("api.openai.com", 443), False),  # within a tunnel
        (True, "http", None, False),  # a proxy that is reached by TLS, used as one
        (False, "https", None, False),
        (False, "http", None, False),
    ],
)
def test_tls_without_a_tunnel_is_tls_with_the_proxy(
    tls: bool, scheme: str, server: tuple[str, int] | None, for_proxy: bool
) -> None:
    flow = flow_of(host="gateway.example", port=443, scheme=scheme.encode())
    flow.client_conn.tls = tls
    flow.server_conn = connection.Server(address=server)
    assert flow_messages.is_for_proxy(flow) is for_proxy


def test_on_a_direct_connection_another_host_is_somebody_else(proxy: taddons.context) -> None:
    flow = flow_of(headers=headers_of(host="gw.example:8080"), host="gw.example", port=8080)
    flow.server_conn = connection.Server(address=None)
    next_layer = layer.NextLayer(Context(flow.client_conn, proxy.options))
    next_layer.events.append(DataReceived(flow.client_conn, b"GET /v1/videos HTTP/1.1\r\n"))
    flow_messages.note_first_line(next_layer)
    for host, for_proxy in (
        ("gw.example:8080", True),
        ("elsewhere.example", False),
        ("gw.example", False),
        ("gw.example:8080", True),
    ):
        flow.request.headers["host"] = host
        assert flow_messages.is_for_proxy(flow) is for_proxy


# Who it is


@pytest.mark.parametrize("own", [("127.0.0.1", 41000), ("::1", 41000, 0, 0)])
def test_a_client_that_comes_through_the_proxy_itself_is_not_the_local_user(own: tuple[str, int]) -> None:
    flow = flow_of()
    flow.client_conn.peername = own
    hop = connection.Server(address=("127.0.0.1", 8080))
    hop.sockname = own
    stranger = flow_of().client_conn
    stranger.peername = ("10.0.0.9", 5000)
    data = ServerConnectionHookData(server=hop, client=stranger)
    assert flow_messages.peer(flow) == own[0]
    flow_messages.note_hop(data)
    assert flow_messages.peer(flow) == "10.0.0.9"
    # Through the proxy twice.
    last = flow_of().client_conn
    last.peername = ("127.0.0.1", 41001)
    second = connection.Server(address=("127.0.0.1", 8080))
    second.sockname = ("127.0.0.1", 41001)
    twice = ServerConnectionHookData(server=second, client=flow.client_conn)
    flow_messages.note_hop(twice)
    assert flow_messages.peer_of(last) == "10.0.0.9"
    flow_messages.forget_hop(twice)
    flow_messages.forget_hop(data)
    flow_messages.forget_hop(data)
    assert (flow_messages.peer(flow), flow_messages.peer_of(last)) == (own[0], "127.0.0.1")
    hop.sockname = None
    flow_messages.note_hop(data)  # never connected
    flow_messages.forget_hop(data)
    assert flow_messages.peer(flow) == own[0]

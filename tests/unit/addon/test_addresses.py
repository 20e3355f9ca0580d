"""Who a flow is for and whom it comes from, as far as mitmproxy's connections tell."""

from __future__ import annotations

import pytest
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from runway_addon.addresses import is_reverse, way_of
from runway_addon.connections import Connections
from runway_addon.http_layer import RequestForms
from runway_videos.openai.authentication import Way
from unit.addon.admission_harness import addresses, form
from unit.addon.flow_harness import flow_of, headers_of


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
    mode: str, for_proxy: bool, reverse: bool
) -> None:
    flow = flow_of(host="127.0.0.1", port=8080)
    flow.client_conn.proxy_mode = ProxyMode.parse(mode)
    assert addresses().is_for_proxy(flow) is for_proxy
    assert is_reverse(flow) is reverse
    flow.request.port = 8081
    assert not addresses().is_for_proxy(flow)
    forms = RequestForms()
    forms.note(flow.request, form())
    assert addresses(forms=forms).is_for_proxy(flow) is for_proxy


def test_the_address_that_a_client_reached_is_the_proxys() -> None:
    """A machine has more addresses than those that are listened on by name."""
    found = addresses()
    flow = flow_of(host="10.0.0.1", port=8080)
    flow.client_conn.sockname = ("10.0.0.1", 8080)
    assert found.is_for_proxy(flow)
    flow.client_conn.sockname = ("fd00::1", 8080, 0, 0)  # type: ignore[assignment]
    assert not found.is_for_proxy(flow)
    flow.request.host = "fd00::1"
    assert found.is_for_proxy(flow)
    flow.request.port = 8081
    assert not found.is_for_proxy(flow)
    flow.client_conn.sockname = None  # type: ignore[assignment]
    assert not found.is_for_proxy(flow)
    flow.request.port, flow.client_conn.sockname = 8080, ("fd00::1", 8080)
    flow.client_conn.proxy_mode = ProxyMode.parse("transparent")
    assert not found.is_for_proxy(flow)


def test_each_request_of_a_connection_counts_for_itself() -> None:
    forms = RequestForms()
    found = addresses(forms=forms)
    first = flow_of(headers=headers_of(host="gw.example"), host="gw.example")
    client = first.client_conn
    for to_server in (True, False, True):
        flow = flow_of(headers=headers_of(host="gw.example"), host="gw.example")
        flow.client_conn = client
        forms.note(flow.request, form("gw.example", to_server))
        for _ in range(2):  # asking changes nothing
            assert found.is_for_proxy(flow) is to_server
            assert found.way(flow) is (Way.OWN if to_server else Way.PROXY)


@pytest.mark.parametrize(
    ("mode", "way"),
    [
        ("regular", Way.PROXY),
        ("upstream:http://127.0.0.1:1", Way.PROXY),
        ("socks5", Way.PROXY),
        ("dns", Way.PROXY),
        ("transparent", Way.ROUTED),
        ("wireguard", Way.ROUTED),
        ("local", Way.ROUTED),
        ("reverse:https://gateway.example", Way.TARGET),
        ("reverse:tcp://gateway.example:1", Way.TARGET),
    ],
)
def test_way_of_traffic_follows_mode_and_target(mode: str, way: Way) -> None:
    client = flow_of().client_conn
    client.proxy_mode = ProxyMode.parse(mode)
    assert way_of(client) is way


def test_a_connection_that_would_come_to_the_proxy_again() -> None:
    connections = Connections()
    found, first, second = addresses(connections), flow_of(), flow_of()
    first.server_conn.address, first.server_conn.sockname = ("127.0.0.1", 8080), ("10.0.0.1", 5001)
    data = ServerConnectionHookData(first.server_conn, first.client_conn)
    assert "the proxy itself" in str(found.why_endless(data))
    first.server_conn.address = ("127.0.0.1", 8081)
    assert found.why_endless(data) is None
    # The proxy's own connection came to it: redirected, or by another name of the proxy's.
    connections.note_hop(data)
    second.client_conn.peername = ("10.0.0.1", 5001)
    data = ServerConnectionHookData(second.server_conn, second.client_conn)
    assert found.why_endless(data) is None
    second.client_conn.proxy_mode = ProxyMode.parse("transparent")
    assert "another user" in str(found.why_endless(data))


def test_sender_has_address_headers_host_and_tunnel() -> None:
    connections, forms = Connections(), RequestForms()
    found = addresses(connections, forms)
    flow = flow_of(headers=headers_of(host="target.example"), http_version=b"HTTP/1.0")
    flow.client_conn.peername, flow.client_conn.sockname = ("10.0.0.9", 5000), ("10.0.0.1", 8080)
    forms.note(flow.request, form("came.example:8080"))
    sender = found.sender(flow, {"a": "b"})
    assert (sender.peer, sender.connected_to, sender.http_1_0) == ("10.0.0.9", "10.0.0.1", True)
    assert (sender.host, sender.headers, sender.tunnel) == ("came.example:8080", {"a": "b"}, None)
    # The client chose the proxy: Host is its server's.
    forms.note(flow.request, form("came.example:8080", to_server=False))
    assert found.sender(flow, {}).host is None
    # In reverse mode mitmproxy has written the target's Host into the headers.
    flow.client_conn.proxy_mode = ProxyMode.parse("reverse:https://target.example")
    assert found.sender(flow, {}).host == "came.example:8080"
    connections.open_tunnel(flow.client_conn, trusted=False)
    assert found.sender(flow, {}).tunnel is False

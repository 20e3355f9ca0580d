"""Whose failed TLS is told: a client's that speaks it to the proxy itself."""

from __future__ import annotations

import pytest
from mitmproxy import options
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import HttpLayer
from mitmproxy.proxy.layers.http import HTTPMode, HttpStream
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import tflow
from mitmproxy.tls import TlsData

from runway_addon.log_throttle import LogThrottle
from runway_addon.plain_port import report_failed_tls
from runway_addon.reload_state import addresses
from runway_videos.events import Event, Events, TlsToPlainPort

ADDRESS = ("127.0.0.1", 8080)


def failed(mode: str = "regular", in_tunnel: bool = False, sockname: object = ADDRESS) -> list[Event]:
    """The events of two handshakes in a row that failed."""
    client = tflow.tclient_conn()
    client.proxy_mode, client.sockname = ProxyMode.parse(mode), sockname  # type: ignore[assignment]
    client.peername = ("127.0.0.9", 50000)
    context = Context(client, options.Options())
    if in_tunnel:
        HttpStream(context, 1)
    HttpLayer(context, HTTPMode.regular)
    heard: list[Event] = []
    throttle = LogThrottle()
    for _ in range(2):
        report_failed_tls(TlsData(client, context), addresses, Events([heard.append]), throttle)
    return heard


@pytest.mark.parametrize("mode", ["regular", "upstream:http://next:1", "reverse:https://gateway.example"])
def test_tls_to_the_proxy_itself_is_told_once(mode: str) -> None:
    assert failed(mode) == [TlsToPlainPort("127.0.0.9", "127.0.0.1:8080")]


def test_an_ipv6_address_can_be_copied() -> None:
    assert failed(sockname=("::1", 8080, 0, 0)) == [TlsToPlainPort("127.0.0.9", "[::1]:8080")]


def test_other_failed_handshakes_are_mitmproxys_to_tell() -> None:
    assert failed(in_tunnel=True) == []
    assert failed("transparent") == []
    assert failed("socks5") == []
    assert failed(sockname=None) == []

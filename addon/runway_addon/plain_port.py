"""Clients that speak TLS to the proxy itself, whose address is meant for plain HTTP."""

from __future__ import annotations

from mitmproxy.proxy.layers.http import HttpStream
from mitmproxy.proxy.mode_specs import RegularMode, ReverseMode, UpstreamMode
from mitmproxy.tls import TlsData

from runway_addon.addresses import Addresses
from runway_addon.log_throttle import LogThrottle
from runway_videos.events import Events, TlsToPlainPort

_MODES = (RegularMode, UpstreamMode, ReverseMode)


def report_failed_tls(data: TlsData, addresses: Addresses, events: Events, throttle: LogThrottle) -> None:
    """Says once a minute and client what to do, where its TLS was no tunnel's and not for another host."""
    client = data.context.client
    in_tunnel = any(isinstance(layer, HttpStream) for layer in data.context.layers)
    if in_tunnel or not isinstance(client.proxy_mode, _MODES) or not client.sockname:
        return
    peer = addresses.peer(client)
    if throttle.may_log("TLS to the plain port", peer):
        host, port, *_ = client.sockname
        events.emit(TlsToPlainPort(peer, f"[{host}]:{port}" if ":" in host else f"{host}:{port}"))

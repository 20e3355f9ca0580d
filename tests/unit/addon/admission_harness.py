"""An admission, and requests as they come to it."""

from __future__ import annotations

import json
from typing import Any

from mitmproxy import http
from mitmproxy.proxy.mode_specs import ProxyMode

from runway_addon.addresses import Addresses
from runway_addon.admission import Admission
from runway_addon.connections import Connections
from runway_addon.http_layer import RequestForm, RequestForms
from runway_addon.log_throttle import LogThrottle
from runway_videos.events import Events
from runway_videos.log_sink import LogSink
from unit.addon.flow_harness import flow_of, headers_of
from unit.config.option_values import settings_from

TOKENS = {"T": "tok_hush"}
CALLERS = [{"name": "app", "value": "env.T"}]
ID = "video_rwAbC"


OWN_ADDRESS = ("127.0.0.1", 8080)


def addresses(
    connections: Connections | None = None, forms: RequestForms | None = None, local_end: str = ""
) -> Addresses:
    """Of a proxy that listens on 127.0.0.1:8080; `local_end`: where its clients' connections end."""
    return Addresses(
        connections or Connections(),
        forms or RequestForms(),
        lambda host, port: (host, port) == OWN_ADDRESS,
        lambda client: local_end,
    )


def admission(
    connections: Connections | None = None,
    forms: RequestForms | None = None,
    throttle: LogThrottle | None = None,
    local_end: str = "",
    **options: object,
) -> Admission:
    connections = connections or Connections()
    found = addresses(connections, forms, local_end)
    # Outside of an event loop no second is ever over.
    events = Events([LogSink(sandbox=False, later=lambda seconds, call: None)])
    return Admission(settings_from(TOKENS, **options), connections, found, throttle or LogThrottle(), events)


def form(host: str = "127.0.0.1:8080", to_server: bool = True, ended: bool = True) -> RequestForm:
    """How a request stood on the wire."""
    return RequestForm(to_server, host, ended, proxied_on=False)


def asked(
    method: str = "POST",
    path: str = "/v1/videos",
    host: str = "api.openai.com",
    port: int = 443,
    peer: str = "127.0.0.1",
    mode: str = "regular",
    **headers: str,
) -> http.HTTPFlow:
    flow = flow_of(method, path, headers=headers_of(host=f"{host}:{port}", **headers), host=host, port=port)
    flow.client_conn.peername = (peer, 5000)
    flow.client_conn.proxy_mode = ProxyMode.parse(mode)
    return flow


def own(method: str = "POST", path: str = "/v1/videos", **more: Any) -> http.HTTPFlow:
    """A request that is addressed to the proxy itself."""
    return asked(method, path, "127.0.0.1", 8080, **more)


def error_of(flow: http.HTTPFlow, status: int) -> dict[str, Any]:
    assert flow.response is not None
    assert flow.response.status_code == status
    assert "hush" not in str(flow.get_state())
    found: dict[str, Any] = json.loads(flow.response.content or b"")["error"]
    return found

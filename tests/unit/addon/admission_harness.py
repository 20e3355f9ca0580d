"""A reception, and requests as they come to it."""

from __future__ import annotations

import json
from typing import Any

from mitmproxy import http
from mitmproxy.proxy.mode_specs import ProxyMode

from runway_addon.admission import Admission
from runway_videos.events import Events
from runway_videos.log_sink import LogSink
from unit.addon.flow_harness import flow_of, headers_of
from unit.config.option_values import told

TOKENS = {"T": "tok_hush"}
CALLERS = [{"name": "app", "value": "env.T"}]
ID = "video_rwAbC"


def admission(**options: object) -> Admission:
    return Admission(told(TOKENS, **options), Events([LogSink(sandbox=False)]))


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

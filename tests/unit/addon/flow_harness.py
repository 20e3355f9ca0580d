"""Flows as mitmproxy makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mitmproxy import http
from mitmproxy.test import tflow, tutils


def headers_of(*pairs: tuple[str, str], **named: str) -> http.Headers:
    """Headers in order, raw bytes as they came."""
    found = [*pairs, *((name.replace("_", "-"), value) for name, value in named.items())]
    return http.Headers([(name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in found])


def flow_of(
    method: str = "GET",
    path: str = "/v1/videos",
    body: bytes = b"",
    headers: http.Headers | None = None,
    **options: Any,
) -> http.HTTPFlow:
    """A request of a client, without a response."""
    request = tutils.treq(
        method=method.encode(),
        path=path.encode("utf-8", "surrogateescape"),
        content=body,
        headers=headers_of(host="api.openai.com") if headers is None else headers,
        **options,
    )
    return tflow.tflow(req=request)


def response(
    status: int = 200, body: bytes | None = b"", headers: Mapping[str, str] | None = None
) -> http.Response:
    """A server's response; with `body` None its headers alone have come."""
    return tutils.tresp(status_code=status, content=body, headers=headers_of(*(headers or {}).items()))

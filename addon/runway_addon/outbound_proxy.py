"""The outbound proxy, `runway_proxy`, by which a video's bytes come, and its password."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Literal
from urllib.parse import unquote, urlsplit

from mitmproxy import http
from mitmproxy.net.server_spec import ServerSpec

CREDENTIALS = "proxy-authorization"


def via(proxy: str) -> ServerSpec:
    """Where mitmproxy connects to."""
    parts = urlsplit(proxy)
    scheme: Literal["http", "https"] = "https" if parts.scheme == "https" else "http"
    port = parts.port or (443 if scheme == "https" else 8080)
    return (scheme, (parts.hostname or "", port))


def credentials(proxy: str) -> str:
    """The value of the header with the user and the password, "" where the address has none."""
    user, at, _ = urlsplit(proxy).netloc.rpartition("@")
    if not at:
        return ""
    name, _, password = user.partition(":")
    return "Basic " + base64.b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()


def let_in(connect: http.HTTPFlow, downloads: Iterable[http.HTTPFlow], proxy: str | None) -> None:
    """Puts the password into mitmproxy's CONNECT to the proxy, where that is for one of these downloads.

    Other traffic may go by the same proxy: it has no part in the password.
    """
    if not proxy or connect.server_conn.address != via(proxy)[1] or not (password := credentials(proxy)):
        return
    client, asked = connect.client_conn, connect.request
    if any(
        flow.client_conn is client and (flow.request.host, flow.request.port) == (asked.host, asked.port)
        for flow in downloads
    ):
        asked.headers[CREDENTIALS] = password

"""mitmproxy's flows, read and answered: where one goes, what it asks for, what is put on it."""

from __future__ import annotations

import logging
import re
import weakref
from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

import msgspec
from mitmproxy import http
from mitmproxy.connection import Client, ConnectionState, Server
from mitmproxy.flow import Flow
from mitmproxy.net.http.http1 import expected_http_body_size
from mitmproxy.net.server_spec import ServerSpec
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.proxy.mode_specs import RegularMode, ReverseMode, UpstreamMode

from runway_door import listening
from runway_videos.call import Answer, Call, Download
from runway_videos.errors import ApiError, render
from runway_videos.routes import Route

#: Bodies of other traffic above this, or of unknown length, are streamed.
LARGEST_HELD_BODY = 1 << 20

# What a client may learn of the file store: nothing else of its answer comes back.
_KEPT_RESPONSE_HEADERS = frozenset(
    {"accept-ranges", "etag", "last-modified", "content-type", "content-length", "content-range",
     "content-encoding", "content-disposition", "content-language"}
)  # fmt: skip
_ORIGIN_FORM = re.compile(rb"[A-Z]+ /")

# Clients that speak to the proxy as to a server, by their first request line.
_direct: weakref.WeakSet[Client] = weakref.WeakSet()


# Where clients' downloads are fetched from.
_fetching: weakref.WeakKeyDictionary[Client, tuple[str, int]] = weakref.WeakKeyDictionary()


class Fetch(msgspec.Struct, frozen=True):
    """A download under way, and the client's own request to put back."""

    scheme: str
    host: str
    port: int
    path: str
    headers: http.Headers
    download: Download


def note_first_line(nextlayer: NextLayer) -> None:
    """Remembers a client whose request line has no host: it speaks to the proxy itself.

    Later hooks cannot tell: mitmproxy fills the host in from the Host header.
    """
    context = nextlayer.context
    if context.server.address is None and _ORIGIN_FORM.match(nextlayer.data_client()[:16]):
        _direct.add(context.client)


def is_reverse(flow: http.HTTPFlow) -> bool:
    """Whether the flow came in through a reverse mode."""
    return isinstance(flow.client_conn.proxy_mode, ReverseMode)


def is_for_proxy(flow: http.HTTPFlow) -> bool:
    """Whether the request is addressed to the proxy itself, as to a server."""
    if not isinstance(flow.client_conn.proxy_mode, RegularMode | UpstreamMode):
        return False
    direct = flow.client_conn in _direct and flow.server_conn.address is None
    return direct or listening.is_own_address(flow.request.host, flow.request.port)


def lower_headers(flow: http.HTTPFlow) -> dict[str, str]:
    """The request's headers by lower-case name, repeated ones joined."""
    return {name.lower(): value for name, value in flow.request.headers.items()}


def query(flow: http.HTTPFlow) -> Mapping[str, str]:
    """The query's parameters; of repeated ones the last."""
    _, mark, text = flow.request.path.partition("?")
    return dict(parse_qsl(text, keep_blank_values=True)) if mark else {}


def request_size(flow: http.HTTPFlow) -> int | None:
    """The body's length in bytes, None where it is not known."""
    request = flow.request
    if not request.is_http11 and request.method not in ("GET", "HEAD", "DELETE"):
        # HTTP/2 needs no length: without one mitmproxy's count says 0.
        length = request.headers.get("content-length", "")
        return int(length) if length.isdecimal() else None
    try:
        size = expected_http_body_size(request)
    except ValueError:
        return None
    return None if size == -1 else size


def response_is_long(flow: http.HTTPFlow) -> bool:
    """Whether a response is large, endless or of unknown length."""
    response = flow.response
    assert response is not None  # noqa: S101 (called from responseheaders)
    try:
        size = expected_http_body_size(flow.request, response)
    except ValueError:
        return True
    events = response.headers.get("content-type", "").startswith("text/event-stream")
    return events or size in (None, -1) or (size or 0) > LARGEST_HELD_BODY


def put_answer(flow: http.HTTPFlow, answer: Answer) -> None:
    """Answers the flow."""
    flow.response = http.Response.make(answer.status, answer.body, answer.headers)


def put_error(flow: http.HTTPFlow, error: ApiError) -> None:
    """Answers the flow with an error in OpenAI's shape."""
    status, headers, body = render(error)
    flow.response = http.Response.make(status, body, headers)


def send_to(flow: http.HTTPFlow, url: str, keep_path: bool = False) -> None:
    """Sends the flow's request elsewhere; with `keep_path`, its own path below the URL's."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    request = flow.request
    request.scheme = parts.scheme
    request.host = parts.hostname or ""
    request.port = parts.port or (443 if parts.scheme == "https" else 80)
    request.path = parts.path.rstrip("/") + request.path if keep_path else path or "/"


def hush(quiet: bool) -> None:
    """Keeps mitmproxy's lines on each connection off the log: a polled proxy makes many."""
    logging.getLogger("mitmproxy.proxy.server").setLevel(logging.WARNING if quiet else logging.NOTSET)


def peer(flow: Flow) -> str:
    """The client's IP address."""
    address = flow.client_conn.peername
    return address[0] if address else ""


def call_of(flow: http.HTTPFlow, route: Route, caller: str) -> Call:
    """The flow as the operations see it."""
    body = flow.request.raw_content or b""
    client = flow.client_conn

    def gone() -> bool:
        # A client that hung up cannot be written to; one that only ended its sending can.
        return not client.state & ConnectionState.CAN_WRITE

    return Call(route, query(flow), lower_headers(flow), body, caller, gone)


def take_credentials(flow: http.HTTPFlow) -> dict[str, str]:
    """Takes the client's credentials off the flow, for no log and no saved flow shows them."""
    headers = flow.request.headers
    return {name: headers.pop(name) for name in ("Authorization", "api-key") if name in headers}


def start_download(flow: http.HTTPFlow, download: Download, proxy: str | None) -> Fetch:
    """Makes the flow fetch a file: only what the file store needs goes out."""
    request = flow.request
    fetch = Fetch(request.scheme, request.host, request.port, request.path, request.headers, download)
    request.headers = http.Headers(host=request.host_header or request.host)
    send_to(flow, download.url)
    for name, value in download.request_headers.items():
        request.headers[name] = value
    _fetching[flow.client_conn] = (request.host, request.port)
    if proxy:
        flow.server_conn.via = _via(proxy)
    return fetch


def end_download(flow: http.HTTPFlow, fetch: Fetch) -> None:
    """With the file store's headers in: streams the file and keeps what describes its bytes."""
    restore(flow, fetch)
    response = flow.response
    assert response is not None  # noqa: S101 (called from responseheaders)
    for name in list(response.headers):
        if name.lower() not in _KEPT_RESPONSE_HEADERS:
            del response.headers[name]
    for name, value in fetch.download.response_headers.items():
        response.headers[name] = value
    response.stream = is_file(flow)


def restore(flow: http.HTTPFlow, fetch: Fetch) -> None:
    """Puts the client's own request back: no log, no saved flow shows the signed URL."""
    request = flow.request
    request.scheme, request.host, request.port = fetch.scheme, fetch.host, fetch.port
    request.path, request.headers = fetch.path, fetch.headers


def is_file(flow: http.HTTPFlow) -> bool:
    """Whether the file store gave the file, a part of it, or said that there is no such part."""
    return flow.response is not None and flow.response.status_code in (200, 206, 304, 416)


def is_fetching(client: Client, server: Server) -> bool:
    """Whether a connection is made for a video that this client downloads."""
    return _fetching.get(client) == server.address


def _via(proxy: str) -> ServerSpec:
    parts = urlsplit(proxy)
    scheme: Literal["http", "https"] = "https" if parts.scheme == "https" else "http"
    port = parts.port or (443 if scheme == "https" else 8080)
    return (scheme, (parts.hostname or "", port))

"""mitmproxy's flows, read and answered: where one goes, what it asks for, what is put on it."""

from __future__ import annotations

import logging
import re
import time
import weakref
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from mitmproxy import http
from mitmproxy.connection import Client, ConnectionState
from mitmproxy.flow import Flow
from mitmproxy.net.http import status_codes
from mitmproxy.net.http.http1 import expected_http_body_size
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.proxy.mode_specs import RegularMode, ReverseMode, UpstreamMode
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from runway_addon import listening
from runway_addon.client_presence import ClientPresence
from runway_videos.errors import ApiError, render
from runway_videos.openai.messages import Answer, Call
from runway_videos.openai.routes import Route

#: Bodies of other traffic above this, or of unknown length, are streamed.
LARGEST_HELD_BODY = 1 << 20

_ORIGIN_FORM = re.compile(rb"[A-Z]+ /")

_CREDENTIALS = (b"authorization", b"api-key")

#: Headers as they stand on the wire: order, case and repetitions.
type HeaderFields = tuple[tuple[bytes, bytes], ...]

# Clients that speak to the proxy as to a server, by their first request line, and the host that
# they name: on such a connection another host is somebody else.
_direct: weakref.WeakKeyDictionary[Client, str] = weakref.WeakKeyDictionary()


# Our own ends of connections to servers, and the clients for whom they were made.
_hops: dict[tuple[str, int], str] = {}


def note_first_line(nextlayer: NextLayer) -> None:
    """Remembers a client whose request line has no host: it speaks to the proxy itself.

    Later hooks cannot tell: mitmproxy fills the host in from the Host header.
    """
    context = nextlayer.context
    if context.server.address is None and _ORIGIN_FORM.match(nextlayer.data_client()[:16]):
        _direct[context.client] = ""


def is_reverse(flow: http.HTTPFlow) -> bool:
    """Whether the flow came in through a reverse mode."""
    return isinstance(flow.client_conn.proxy_mode, ReverseMode)


def is_for_proxy(flow: http.HTTPFlow) -> bool:
    """Whether the request is addressed to the proxy itself, as to a server."""
    client, request = flow.client_conn, flow.request
    if not isinstance(client.proxy_mode, RegularMode | UpstreamMode):
        return False
    own = client.sockname is not None and (request.host, request.port) == client.sockname[:2]
    if own or listening.is_own_address(request.host, request.port):
        return True
    if flow.server_conn.address is not None:  # within a tunnel to somewhere else
        return False
    if client.tls and request.scheme == "https":  # TLS without a tunnel is TLS with the proxy
        return True
    host = request.host_header or request.host
    if client not in _direct:
        return False
    _direct[client] = _direct[client] or host
    return _direct[client] == host


def lower_headers(flow: http.HTTPFlow) -> dict[str, str]:
    """The request's headers by lower-case name, repeated ones joined."""
    found: dict[str, str] = {}
    # One pass over the raw fields: mitmproxy's own items() looks through all for each name.
    for raw_name, raw_value in flow.request.headers.fields:
        name = raw_name.decode("utf-8", "surrogateescape").lower()
        value = raw_value.decode("utf-8", "surrogateescape")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


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
    assert response is not None  # called from responseheaders
    try:
        size = expected_http_body_size(flow.request, response)
    except ValueError:
        return True
    events = response.headers.get("content-type", "").startswith("text/event-stream")
    return events or size in (None, -1) or (size or 0) > LARGEST_HELD_BODY


def put_answer(flow: http.HTTPFlow, answer: Answer) -> None:
    """Answers the flow."""
    _respond(flow, answer.status, answer.headers, answer.body)


def _respond(flow: http.HTTPFlow, status: int, headers: Mapping[str, str], body: bytes) -> None:
    now = time.time()
    fields = [(name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in headers.items()]
    # Of a HEAD the length is what a GET's would be; a body would be read as the next answer.
    fields.append((b"content-length", b"%d" % len(body)))
    content = b"" if flow.request.method == "HEAD" else body
    reason = status_codes.RESPONSES.get(status, "").encode()
    head = (b"HTTP/1.1", status, reason, http.Headers(fields))
    flow.response = http.Response(*head, content, None, now, now)


def put_error(flow: http.HTTPFlow, error: ApiError, extra_headers: Mapping[str, str] = {}) -> None:
    """Answers the flow with an error in OpenAI's shape."""
    status, headers, body = render(error)
    _respond(flow, status, {**headers, **extra_headers}, body)


def send_to(flow: http.HTTPFlow, url: str, keep_path: bool = False) -> None:
    """Sends the flow's request elsewhere; with `keep_path`, its own path below the URL's."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    request = flow.request
    request.scheme = parts.scheme
    request.host = parts.hostname or ""
    request.port = parts.port or (443 if parts.scheme == "https" else 80)
    request.path = parts.path.rstrip("/") + request.path if keep_path else path or "/"


def quiet_connection_log(quiet: bool) -> None:
    """Keeps mitmproxy's lines on each connection off the log: a polled proxy makes many."""
    logging.getLogger("mitmproxy.proxy.server").setLevel(logging.WARNING if quiet else logging.NOTSET)


def peer(flow: Flow) -> str:
    """The IP address of the client, also where it came to the proxy through the proxy itself."""
    return peer_of(flow.client_conn)


def peer_of(client: Client) -> str:
    """The IP address of a client; see `peer`."""
    return _hops.get(client.peername[:2], client.peername[0]) if client.peername else ""


def note_hop(data: ServerConnectionHookData) -> None:
    """Remembers whose connection to a server this is.

    Where that server is the proxy itself, over any of its names, the client is not the local user.
    """
    if data.server.sockname:
        _hops[data.server.sockname[:2]] = peer_of(data.client)


def forget_hop(data: ServerConnectionHookData) -> None:
    """The connection to a server has ended."""
    if data.server.sockname:
        _hops.pop(data.server.sockname[:2], None)


def call_of(flow: http.HTTPFlow, route: Route, caller: str) -> Call:
    """The flow as the operations see it."""
    body = flow.request.raw_content or b""
    return Call(route, query(flow), lower_headers(flow), body, caller, gone=ClientPresence(flow))


def take_credentials(flow: http.HTTPFlow) -> HeaderFields:
    """Takes the client's credentials off the flow: no log and no saved flow shows them.

    Gives all headers as they came, to put back where the flow goes on after all.
    """
    headers = flow.request.headers
    fields: HeaderFields = headers.fields
    headers.fields = tuple(field for field in fields if field[0].lower() not in _CREDENTIALS)
    return fields


def client_is_there(flow: http.HTTPFlow) -> bool:
    """Whether the client can still be written to, as far as is seen."""
    return bool(flow.client_conn.state & ConnectionState.CAN_WRITE)

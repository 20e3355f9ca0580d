"""A video's bytes through mitmproxy: the flow goes to the file store, which gets a request of its own."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from mitmproxy import http

from runway_addon import flow_messages, outbound_proxy
from runway_addon.redact import SignedLinks
from runway_videos.errors import ApiError
from runway_videos.openai.messages import Download

# What a client may learn of the file store: nothing else of its answer comes back.
_KEPT_RESPONSE_HEADERS = frozenset(
    {"accept-ranges", "etag", "last-modified", "content-type", "content-length", "content-range",
     "content-encoding", "content-disposition", "content-language"}
)  # fmt: skip
_KEPT_HEADERS = ("x-runway-sandbox",)


class Fetch(msgspec.Struct, frozen=True):
    """A download under way, and where the client's own request went."""

    scheme: str
    host: str
    port: int
    download: Download


def start_download(
    flow: http.HTTPFlow, download: Download, links: SignedLinks, proxy: str | None, next_proxy: bool = False
) -> Fetch:
    """Makes the flow fetch a file: only what the file store needs goes out, and only on the wire.

    `next_proxy`: this proxy sends plain requests to another one.
    """
    request = flow.request
    fetch = Fetch(request.scheme, request.host, request.port, download)
    request.raw_content = b""  # a body that came with the client's GET is not the file store's
    sent = request.copy()
    sent.headers = http.Headers(host=request.host_header or request.host)
    flow_messages.send_to(sent, download.url, next_proxy=next_proxy)
    for name, value in download.request_headers.items():
        sent.headers[name] = value
    if proxy and next_proxy and sent.scheme == "http" and (password := outbound_proxy.credentials(proxy)):
        sent.headers[outbound_proxy.CREDENTIALS] = password  # to all else mitmproxy opens a way by CONNECT
    links.send(sent, request)
    # mitmproxy connects to where the flow's request goes. Its setters would change the Host header.
    request.scheme, request.data.host, request.data.port = sent.scheme, sent.host, sent.port
    if proxy:
        flow.server_conn.via = outbound_proxy.via(proxy)
    return fetch


def end_download(flow: http.HTTPFlow, fetch: Fetch, pass_on: Callable[[bytes], bytes] | None = None) -> None:
    """With the file store's headers in: streams the file and keeps what describes its bytes.

    `pass_on` is given each part of the file, and gives it back.
    """
    restore(flow, fetch)
    response = flow.response
    assert response is not None  # called from responseheaders
    for name in list(response.headers):
        if name.lower() not in _KEPT_RESPONSE_HEADERS:
            del response.headers[name]
    for name, value in (fetch.download.response_headers | flow_messages.own_headers(flow)).items():
        response.headers[name] = value
    response.stream = is_file(flow) and (pass_on or True)


def restore(flow: http.HTTPFlow, fetch: Fetch) -> None:
    """Shows where the client's own request went again."""
    request = flow.request
    request.scheme, request.data.host, request.data.port = fetch.scheme, fetch.host, fetch.port


def is_file(flow: http.HTTPFlow) -> bool:
    """Whether the file store gave the file or a part of it."""
    return flow.response is not None and flow.response.status_code in (200, 206, 304)


def put_no_such_range(flow: http.HTTPFlow) -> None:
    """Says in OpenAI's shape what the file store said of a range: that the video is shorter."""
    assert flow.response is not None  # the store has answered
    length = flow.response.headers.get("content-range", "")
    extra_headers = {
        name: flow.response.headers[name] for name in _KEPT_HEADERS if name in flow.response.headers
    }
    if length:
        extra_headers["content-range"] = length
    error = ApiError(416, "The video has no such range of bytes.", code="invalid_range")
    flow_messages.put_error(flow, error, extra_headers)

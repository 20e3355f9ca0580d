"""A video's bytes: what the file store is asked, and what of its answer comes back."""

from __future__ import annotations

import json

import pytest
from mitmproxy import http
from mitmproxy.net.http.http1 import assemble_request_head
from mitmproxy.proxy.layers.http._events import RequestHeaders

from runway_addon import downloads, flow_messages
from runway_addon.redact import SignedLinks
from runway_videos.openai.messages import Download
from unit.addon.flow_harness import flow_of, headers_of, response

SIGNED = "https://files.example/out/v.mp4?Expires=1&Signature=hush~-_"


def start(
    proxy_url: str | None = None, body: bytes = b"", links: SignedLinks | None = None
) -> tuple[http.HTTPFlow, downloads.Fetch]:
    headers = headers_of(Host="127.0.0.1:8080", Cookie="c=1", Accept_Encoding="gzip", Range="bytes=0-")
    flow = flow_of("GET", "/v1/videos/video_rw1/content?variant=video", body, headers)
    flow.request.host, flow.request.port, flow.request.scheme = "127.0.0.1", 8080, "http"
    download = Download(SIGNED, {"range": "bytes=5-"}, {"x-runway-sandbox": "true"})
    return flow, downloads.start_download(flow, download, links or SignedLinks(), proxy_url)


def test_the_store_gets_nothing_of_the_client_but_the_range() -> None:
    links = SignedLinks()
    flow, _ = start(body=b"GET /other HTTP/1.1\r\n\r\n", links=links)
    event = links.on_the_wire(RequestHeaders(1, flow.request, True))
    assert isinstance(event, RequestHeaders)
    assert dict(event.request.headers) == {"host": "files.example", "range": "bytes=5-"}
    assert assemble_request_head(event.request).splitlines()[0] == (
        b"GET /out/v.mp4?Expires=1&Signature=hush~-_ HTTP/1.1"
    )
    # mitmproxy opens the connection, and takes the body, by the flow's request.
    assert (flow.request.scheme, flow.request.host, flow.request.port) == ("https", "files.example", 443)
    assert flow.request.raw_content == b""


def test_the_flow_never_holds_the_link_and_is_the_clients_again_afterwards() -> None:
    flow, fetch = start()
    assert "hush" not in str(flow.get_state())
    downloads.restore(flow, fetch)
    assert flow.request.pretty_url == "http://127.0.0.1:8080/v1/videos/video_rw1/content?variant=video"
    before = {"Host": "127.0.0.1:8080", "Cookie": "c=1", "Accept-Encoding": "gzip", "Range": "bytes=0-"}
    assert dict(flow.request.headers) == before


@pytest.mark.parametrize(
    ("status", "streamed"),
    [(200, True), (206, True), (304, True), (416, False), (302, False), (403, False), (500, False)],
)
def test_only_what_describes_the_bytes_comes_back(status: int, streamed: bool) -> None:
    flow, fetch = start()
    kept = {
        "Content-Type": "video/mp4",
        "Content-Length": "5",
        "Content-Range": "bytes 0-4/5",
        "Accept-Ranges": "bytes",
        "ETag": '"e"',
        "Last-Modified": "Thu, 01 Oct 2026 00:00:00 GMT",
    }
    dropped = {"Set-Cookie": "a=b", "X-Amz-Request-Id": "r", "Via": "v", "Server": "s", "Location": SIGNED}
    flow.response = response(status, None, kept | dropped)
    downloads.end_download(flow, fetch)
    assert flow.response.headers.pop("date")
    own = {"x-runway-sandbox": "true", "x-request-id": flow_messages.request_id(flow)}
    assert dict(flow.response.headers) == kept | own
    assert flow.response.stream is streamed
    assert downloads.is_file(flow) is streamed
    assert "hush" not in str(flow.get_state())


@pytest.mark.parametrize("length", ["bytes */2083", ""])
def test_a_range_beyond_the_end_is_refused_in_openais_shape(length: str) -> None:
    flow, fetch = start()
    range_header = {"content-range": length} if length else {}
    flow.response = response(
        416, b"<Error/>", {"Content-Type": "application/xml", "ETag": "e", **range_header}
    )
    downloads.end_download(flow, fetch)
    downloads.put_no_such_range(flow)
    assert flow.response.status_code == 416
    found = json.loads(flow.response.content or b"")["error"]
    assert (found["code"], found["type"]) == ("invalid_range", "invalid_request_error")
    assert found["message"] == "The video has no such range of bytes."
    headers = dict(flow.response.headers)
    assert headers["content-type"] == "application/json"
    assert headers["x-runway-sandbox"] == "true"
    assert headers.get("content-range", "") == length
    assert "etag" not in headers


@pytest.mark.parametrize(
    ("link", "next_proxy", "authority"),
    [
        ("http://files.example/v.mp4", True, "files.example"),
        ("http://files.example:81/v.mp4", True, "files.example:81"),
        ("https://files.example/v.mp4", True, ""),  # by CONNECT
        ("http://files.example/v.mp4", False, ""),
    ],
)
def test_a_next_proxy_is_told_where_a_plain_request_goes(link: str, next_proxy: bool, authority: str) -> None:
    flow = flow_of()
    flow.request.authority = "before.example"
    flow_messages.send_to(flow.request, link, next_proxy=next_proxy)
    assert flow.request.authority == authority


@pytest.mark.parametrize(
    ("proxy_url", "via"),
    [
        (None, None),
        ("http://proxy.example:3128", ("http", ("proxy.example", 3128))),
        ("http://proxy.example", ("http", ("proxy.example", 8080))),
        ("https://proxy.example", ("https", ("proxy.example", 443))),
    ],
)
def test_downloads_take_the_outbound_proxy_too(
    proxy_url: str | None, via: tuple[str, tuple[str, int]] | None
) -> None:
    flow, _ = start(proxy_url)
    assert flow.server_conn.via == via

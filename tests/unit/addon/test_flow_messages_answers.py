"""What is put on mitmproxy's flows: answers, downloads; never a credential, never a signed URL."""

from __future__ import annotations

import json

import pytest
from mitmproxy import http
from mitmproxy.net.http.http1 import assemble_request_head

from runway_addon import downloads, flow_messages
from runway_videos.errors import ApiError
from runway_videos.openai.messages import Answer, Download
from unit.addon.flow_harness import flow_of, headers_of, response

SIGNED = "https://files.example/out/v.mp4?Expires=1&Signature=hush~-_"


def test_an_answer_and_an_error() -> None:
    flow = flow_of()
    flow_messages.put_answer(flow, Answer(200, {"content-type": "application/json", "x-a": "b"}, b"{}"))
    assert flow.response is not None
    assert (flow.response.status_code, flow.response.content, flow.response.headers["x-a"]) == (
        200,
        b"{}",
        "b",
    )
    assert flow.response.headers["content-length"] == "2"
    flow_messages.put_error(flow, ApiError(429, "No\r\nX: y\udcff", retry=False, detail="hush"))
    assert flow.response.status_code == 429
    assert flow.response.headers["x-should-retry"] == "false"
    assert "x" not in flow.response.headers
    assert json.loads(flow.response.content or b"")["error"]["message"].startswith("No\r\nX: y")
    assert b"hush" not in (flow.response.content or b"")


@pytest.mark.parametrize(
    ("version", "asked", "said"),
    [
        (b"HTTP/1.1", {"connection": "close"}, "close"),
        (b"HTTP/1.1", {"Connection": "Keep-Alive, Close"}, "close"),
        (b"HTTP/1.0", {"connection": "close"}, "close"),
        (b"HTTP/1.1", {"connection": "keep-alive"}, None),
        (b"HTTP/1.1", {}, None),
        (b"HTTP/2.0", {"connection": "close"}, None),  # HTTP/2 has no such header
    ],
)
def test_an_answer_says_that_the_connection_ends(
    version: bytes, asked: dict[str, str], said: str | None
) -> None:
    """A balancer that is not told keeps it, and its next request is lost on it."""
    flow = flow_of(headers=headers_of(*asked.items()), http_version=version)
    flow_messages.put_error(flow, ApiError(401, "No."))
    assert flow.response is not None
    assert flow.response.headers.get("connection") == said


@pytest.mark.parametrize("body", [b"", b"{}", b"x" * 5000])
def test_an_answer_to_head_has_no_body_but_its_length(body: bytes) -> None:
    flow = flow_of("HEAD")
    flow_messages.put_answer(flow, Answer(200, {"x-a": "b"}, body))
    assert flow.response is not None
    assert flow.response.raw_content == b""
    assert dict(flow.response.headers) == {"x-a": "b", "content-length": str(len(body))}
    assert flow.request.method == "HEAD"


def test_an_error_to_head_has_no_body_but_its_length() -> None:
    get, head = flow_of("GET"), flow_of("HEAD")
    for flow in (get, head):
        flow_messages.put_error(flow, ApiError(404, "Gone."), {"x-runway-sandbox": "true"})
    assert get.response is not None
    assert head.response is not None
    assert head.response.raw_content == b""
    assert head.response.status_code == 404
    assert dict(head.response.headers) == dict(get.response.headers)
    assert head.response.headers["content-length"] == str(len(get.response.content or b""))
    assert int(head.response.headers["content-length"]) > 0


def test_an_error_carries_the_marks_that_it_is_given() -> None:
    flow = flow_of()
    flow_messages.put_error(flow, ApiError(503, "Down.", retry=False), {"x-runway-sandbox": "true"})
    assert flow.response is not None
    assert flow.response.headers["x-runway-sandbox"] == "true"
    assert flow.response.headers["x-should-retry"] == "false"
    flow_messages.put_error(flow, ApiError(503, "Down."))
    assert "x-runway-sandbox" not in flow.response.headers


def test_credentials_come_off_in_any_case_and_number() -> None:
    came = (
        (b"AUTHORIZATION", b"Bearer a"),
        (b"X", b"y"),
        (b"Api-Key", b"b"),
        (b"x", b"\xff"),
        (b"api-key", b"c"),
    )
    flow = flow_of(headers=http.Headers(came))
    assert flow_messages.take_credentials(flow) == came
    assert flow.request.headers.fields == ((b"X", b"y"), (b"x", b"\xff"))
    assert flow_messages.take_credentials(flow) == ((b"X", b"y"), (b"x", b"\xff"))


# Downloads


def start(proxy_url: str | None = None, body: bytes = b"") -> tuple[http.HTTPFlow, downloads.Fetch]:
    headers = headers_of(Host="127.0.0.1:8080", Cookie="c=1", Accept_Encoding="gzip", Range="bytes=0-")
    flow = flow_of("GET", "/v1/videos/video_rw1/content?variant=video", body, headers)
    flow.request.host, flow.request.port, flow.request.scheme = "127.0.0.1", 8080, "http"
    download = Download(SIGNED, {"range": "bytes=5-"}, {"x-runway-sandbox": "true"})
    return flow, downloads.start_download(flow, download, proxy_url)


def test_the_store_gets_nothing_of_the_client_but_the_range() -> None:
    flow, _ = start()
    assert dict(flow.request.headers) == {"host": "files.example", "range": "bytes=5-"}
    assert assemble_request_head(flow.request).splitlines()[0] == (
        b"GET /out/v.mp4?Expires=1&Signature=hush~-_ HTTP/1.1"
    )
    assert flow.request.pretty_url == SIGNED


def test_the_store_gets_no_body() -> None:
    flow, _ = start(body=b"GET /other HTTP/1.1\r\n\r\n")
    assert flow.request.raw_content == b""
    assert "content-length" not in flow.request.headers


def test_the_request_is_the_clients_again_before_anything_is_logged() -> None:
    flow, fetch = start()
    before = {"Host": "127.0.0.1:8080", "Cookie": "c=1", "Accept-Encoding": "gzip", "Range": "bytes=0-"}
    downloads.restore(flow, fetch)
    assert flow.request.pretty_url == "http://127.0.0.1:8080/v1/videos/video_rw1/content?variant=video"
    assert dict(flow.request.headers) == before
    assert "hush" not in str(flow.get_state())


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
    assert dict(flow.response.headers) == kept | {"x-runway-sandbox": "true"}
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
    flow_messages.send_to(flow, link, next_proxy=next_proxy)
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

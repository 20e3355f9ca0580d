"""The password of an outbound proxy goes to that proxy, for downloads, and nowhere else."""

from __future__ import annotations

import base64

import pytest
from mitmproxy import connection, http
from mitmproxy.proxy.layers.http._events import RequestHeaders

from runway_addon import downloads, outbound_proxy
from runway_addon.redact import SignedLinks
from runway_videos.openai.messages import Download
from unit.addon.flow_harness import flow_of

PROXY = "http://user:p%3Aass%20word@proxy.example:3128"
PASSWORD = "Basic " + base64.b64encode(b"user:p:ass word").decode()


def download(link: str, links: SignedLinks, next_proxy: bool = False) -> http.HTTPFlow:
    flow = flow_of("GET", "/v1/videos/video_rw1/content")
    downloads.start_download(flow, Download(link, {}, {}), links, PROXY, next_proxy)
    return flow


def connect(
    client: connection.Client, host: str, proxy: str = "proxy.example", port: int = 443
) -> http.HTTPFlow:
    """mitmproxy's own request for a way through a proxy."""
    flow = http.HTTPFlow(client, connection.Server(address=(proxy, 3128)))
    flow.request = http.Request.make("CONNECT", f"https://{host}:{port}/")
    return flow


@pytest.mark.parametrize(
    ("proxy", "credentials"),
    [
        (PROXY, PASSWORD),
        ("http://proxy.example:3128", ""),
        ("https://user@proxy.example", "Basic dXNlcjo="),
        ("http://%C3%A4:%C3%B6@proxy.example", "Basic w6Q6w7Y="),
    ],
)
def test_the_password_is_read_as_a_url_has_it(proxy: str, credentials: str) -> None:
    assert outbound_proxy.credentials(proxy) == credentials


def test_the_way_of_a_download_is_opened_with_the_password() -> None:
    flow = download("https://files.example/v.mp4?Signature=x", SignedLinks())
    way = connect(flow.client_conn, "files.example")
    outbound_proxy.let_in(way, [flow], PROXY)
    assert way.request.headers["proxy-authorization"] == PASSWORD
    assert "proxy-authorization" not in flow.request.headers


def test_other_ways_are_not() -> None:
    flow = download("https://files.example/v.mp4?Signature=x", SignedLinks())
    client = flow.client_conn
    for way, proxy in (
        (connect(client, "other.example"), PROXY),
        (connect(client, "files.example", port=444), PROXY),
        (connect(client, "files.example", proxy="other-proxy.example"), PROXY),
        (connect(flow_of().client_conn, "files.example"), PROXY),
        (connect(client, "files.example"), "http://proxy.example:3128"),
        (connect(client, "files.example"), None),
    ):
        outbound_proxy.let_in(way, [flow], proxy)
        assert "proxy-authorization" not in way.request.headers
    way = connect(client, "files.example")
    outbound_proxy.let_in(way, [], PROXY)
    assert "proxy-authorization" not in way.request.headers


@pytest.mark.parametrize(
    ("link", "next_proxy", "told"),
    [
        ("http://files.example/v.mp4", True, PASSWORD),
        ("http://files.example/v.mp4", False, None),  # by CONNECT
        ("https://files.example/v.mp4", True, None),
    ],
)
def test_a_plain_request_to_a_proxy_has_it_on_the_wire_alone(
    link: str, next_proxy: bool, told: str | None
) -> None:
    links = SignedLinks()
    flow = download(link, links, next_proxy)
    event = links.on_the_wire(RequestHeaders(1, flow.request, True))
    assert isinstance(event, RequestHeaders)
    assert event.request.headers.get("proxy-authorization") == told
    assert PASSWORD not in str(flow.get_state())

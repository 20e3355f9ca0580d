"""The same at HTTP/2, which mitmproxy speaks over TLS: in reverse mode, and in a tunnel."""

from __future__ import annotations

import pytest

from asking import peak_memory
from end_to_end.access.attacks import BASIC
from end_to_end.access.http2 import Http2
from end_to_end.access.modes import BEARER, PROXY_MODES, TOKEN, VIDEO_HOST, FarEnds, ManyModes, tag

pytestmark = pytest.mark.slow

JSON = ("Content-Type", "application/json")
BODY = b'{"prompt": "at HTTP/2"}'
MIB = 1 << 20
#: How much memory a client that may not do anything can take.
BOUND = 64 * MIB
MOST = 300 * MIB


def test_the_local_user_by_host(local: ManyModes, ends: FarEnds) -> None:
    host, port = local.at("reverse")
    before = ends.count()
    with Http2((host, port)) as connection:
        for name in ("videos.example.com", f"evil.example:{port}", "192.0.2.77"):
            assert connection.ask("POST", "/v1/videos", name, [JSON], BODY) == 403, name
            assert connection.ask("GET", "/v1/videos/video_rw_x", name) == 403, name
            assert connection.ask("GET", "/v1/models", name) == 403, name
        for name, value in (("via", "2 balancer"), ("x-envoy-attempt-count", "1"), ("origin", "null")):
            assert connection.ask("POST", "/v1/videos", "localhost", [JSON, (name, value)], BODY) == 403, name
            assert connection.ask("GET", "/v1/models", "localhost", [(name, value)]) == 403, name
        assert ends.count() == before
        for name in ("localhost", f"127.0.0.1:{port}", VIDEO_HOST):
            assert connection.ask("POST", "/v1/videos", name, [JSON], BODY) == 200, name
            assert connection.ask("GET", "/v1/models", name) == 200, name


def test_callers_by_token(closed: ManyModes, ends: FarEnds) -> None:
    with Http2(closed.at("reverse")) as connection:
        made = ends.sandbox_server.made()
        for name in ("videos.example.com", "video.example.org"):
            assert connection.ask("POST", "/v1/videos", name, [JSON], BODY) == 401
            assert connection.ask("POST", "/v1/videos", name, [JSON, BEARER], BODY) == 200
        assert ends.sandbox_server.made() == made + 2
        word = tag()
        assert connection.ask("GET", f"/{word}", "videos.example.com", [BEARER, BASIC]) == 200
    (asked,) = ends.reached(word)
    assert TOKEN not in str(asked.headers)
    assert "proxy-authorization" not in asked.headers


@pytest.mark.parametrize("mode", PROXY_MODES)
def test_in_a_tunnel_to_a_video_host(local: ManyModes, closed: ManyModes, ends: FarEnds, mode: str) -> None:
    before = ends.count()
    with Http2(closed.at(mode), f"{VIDEO_HOST}:443") as connection:
        assert connection.ask("POST", "/v1/videos", VIDEO_HOST, [JSON], BODY) == 401
        assert connection.ask("GET", "/v1/models", VIDEO_HOST, [BEARER]) == 403
        assert ends.count() == before
        assert connection.ask("POST", "/v1/videos", VIDEO_HOST, [JSON, BEARER], BODY) == 200
    with Http2(local.at(mode), f"{VIDEO_HOST}:443") as connection:
        assert connection.ask("POST", "/v1/videos", VIDEO_HOST, [JSON], BODY) == 200
        # A web page or a balancer behind it is no local user there either.
        page = ("Origin", "https://a.example")
        assert connection.ask("POST", "/v1/videos", VIDEO_HOST, [JSON, page], BODY) == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST"])
def test_a_body_without_end_is_cut_off(closed: ManyModes, method: str) -> None:
    """HTTP/2 needs no content-length: any method may have a body of any size."""
    pid = closed.child.pid
    peak_memory(pid, reset=True)
    before = peak_memory(pid)
    with Http2(closed.at("reverse")) as connection:
        path = "/v1/videos" if method == "POST" else "/v1/videos/video_rw_x/content"
        stream = connection.begin(method, path, "localhost", ends=False)
        sent = connection.pour(stream, MOST)
    assert sent < MOST
    assert peak_memory(pid) - before < BOUND


def test_a_body_of_other_traffic_streams(closed: ManyModes, ends: FarEnds) -> None:
    pid, word = closed.child.pid, tag()
    peak_memory(pid, reset=True)
    before = peak_memory(pid)
    most = 96 * MIB
    with Http2(closed.at("reverse")) as connection:
        stream = connection.begin("GET", f"/{word}", "localhost", ends=False)
        connection.pour(stream, most)
    assert peak_memory(pid) - before < BOUND

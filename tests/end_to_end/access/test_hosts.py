"""Host counts for its own request only: balancers send many clients' requests over one connection."""

from __future__ import annotations

import pytest

from balancers import haproxy, needs_haproxy, needs_nginx, nginx
from end_to_end.access.modes import BEARER, MODES, PROXY_MODES, FarEnds, ManyModes, tag
from end_to_end.conftest import Folders
from wire import Address, Answer, ask, connect, send

pytestmark = pytest.mark.slow

CREATE = ("POST", "/v1/videos")
KNOWN = (BEARER, ("Content-Type", "application/json"))
BODY = b'{"prompt": "by any name"}'
POOL = ("proxy_http_version 1.1;", 'proxy_set_header Connection "";', "proxy_set_header Host $http_host;")


def create(address: Address, host: str) -> Answer:
    return ask(address, *CREATE, host, KNOWN, BODY)


@pytest.mark.parametrize("mode", MODES)
def test_a_strangers_host_decides_nothing(closed: ManyModes, mode: str) -> None:
    with connect(closed.at(mode)) as connection:
        # Answered with what it may be answered with, and the connection lives.
        assert send(connection, "GET", "/v1/videos/video_rw_x", "other.example").status == 401
        assert send(connection, *CREATE, "videos.example.com", KNOWN, BODY).status == 200


@pytest.mark.parametrize("mode", PROXY_MODES)
def test_nor_does_that_of_other_traffic(closed: ManyModes, ends: FarEnds, mode: str) -> None:
    word = tag()
    with connect(closed.at(mode)) as connection:
        assert send(connection, "GET", f"/v1/models?{word}", "other.example").status == 403
        assert send(connection, *CREATE, "videos.example.com", KNOWN, BODY).status == 200
    assert not ends.reached(word)


@pytest.mark.parametrize("mode", MODES)
def test_two_names(closed: ManyModes, mode: str) -> None:
    with connect(closed.at(mode)) as connection:
        for host in ("videos.example.com", "video.example.org:8443", "127.0.0.1", "videos.example.com"):
            assert send(connection, *CREATE, host, KNOWN, BODY).status == 200, host


@pytest.mark.parametrize("mode", PROXY_MODES)
def test_a_second_host_is_no_way_inside(
    local: ManyModes, closed: ManyModes, opened: ManyModes, ends: FarEnds, mode: str
) -> None:
    for proxy in (local, closed, opened):
        inside, word = f"127.0.0.1:{ends.internal.port}", tag()
        with connect(proxy.at(mode)) as connection:
            send(connection, "GET", "/v1/models", "localhost", (BEARER,))
            # As to a server: whatever the Host, it is the proxy itself that is asked.
            send(connection, "GET", f"/inside/{word}", inside, (BEARER,))
        assert not any(inside in (asked.path, asked.headers["host"]) for asked in ends.reached(word))


@pytest.mark.parametrize("mode", PROXY_MODES)
def test_both_forms_on_one_connection(opened: ManyModes, ends: FarEnds, mode: str) -> None:
    """HAProxy that keeps connections mixes what is asked of the proxy with what goes through it."""
    inside = f"127.0.0.1:{ends.internal.port}"
    through = (("Proxy-Authorization", BEARER[1]),)
    for first in ("to it", "through it"):
        with connect(opened.at(mode)) as connection:
            for turn in range(4):
                word = tag()
                if (turn % 2 == 0) == (first == "to it"):
                    answer = send(connection, "GET", f"/v1/models?{word}", "videos.example.com", (BEARER,))
                    place = ends.fallback if mode == "regular" else None
                else:
                    answer = send(connection, "GET", f"http://{inside}/{word}", inside, through)
                    place = ends.internal if mode == "regular" else ends.next_proxy
                assert answer.status == 200, (first, turn)
                (asked,) = ends.reached(word)
                assert place is None or asked in place.requests
        with connect(opened.at(mode)) as connection:
            assert send(connection, "GET", f"http://{inside}/", inside, through).status == 200
            assert send(connection, *CREATE, "videos.example.com", KNOWN, BODY).status == 200


@needs_nginx
@pytest.mark.parametrize("mode", MODES)
def test_nginx_with_a_pool(closed: ManyModes, folder: Folders, mode: str) -> None:
    with nginx(folder(), closed.at(mode)[1], *POOL) as front:
        address = ("127.0.0.1", front.port)
        for _ in range(2):
            # Clients of their own; the pool has one connection for all.
            assert ask(address, "GET", "/v1/videos/video_rw_x", "stranger.example").status == 401
            ask(address, "GET", "/v1/models", "stranger.example")
            assert create(address, "videos.example.com").status == 200
            assert create(address, "video.example.org").status == 200


@needs_haproxy
@pytest.mark.parametrize("mode", MODES)
def test_haproxy_with_a_pool(closed: ManyModes, folder: Folders, mode: str) -> None:
    with haproxy(folder(), closed.at(mode)[1], "http-reuse always") as front:
        address = ("127.0.0.1", front.port)
        for _ in range(2):
            assert ask(address, "GET", "/v1/videos/video_rw_x", "stranger.example").status == 401
            ask(address, "GET", "/v1/models", "stranger.example")
            assert create(address, "videos.example.com").status == 200
            assert create(address, "video.example.org").status == 200

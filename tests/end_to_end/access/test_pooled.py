"""What one request on a connection may do, it may for itself alone; and downloads by a next proxy."""

from __future__ import annotations

import contextlib

import pytest

from asking import finished, web
from end_to_end.access.attacks import BASIC, assert_no_token
from end_to_end.access.modes import BEARER, PROXY_MODES, FarEnds, ManyModes, tag
from end_to_end.conftest import Folders
from wire import connect, send

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("mode", PROXY_MODES)
def test_a_refused_tunnel_decides_nothing_for_what_comes_next(
    opened: ManyModes, ends: FarEnds, mode: str
) -> None:
    """A balancer's connection goes on with other clients' requests."""
    host, word = f"127.0.0.1:{ends.internal.port}", tag()
    with connect(opened.at(mode)) as connection:
        assert send(connection, "CONNECT", host, host).status == 407
        assert send(connection, "GET", f"/v1/models?{word}", "videos.example.com", (BEARER,)).status == 200
        assert send(connection, "GET", f"/v1/models?{word}", "videos.example.com").status == 401
        assert send(connection, "GET", f"http://{host}/{word}", host).status == 407
        assert send(connection, "GET", f"http://{host}/{word}", host, (BASIC,)).status == 200
        assert send(connection, "CONNECT", host, host, (BASIC,)).status == 200
        # In the tunnel the client speaks to its server, and sends the proxy nothing.
        assert send(connection, "GET", f"/{word}", host).status == 200
    assert len(ends.reached(word)) == 3


def test_what_was_forwarded_before_opens_no_tunnel(folder: Folders, ends: FarEnds) -> None:
    """The CONNECT without a token may be another client's of the same balancer's connection."""
    before, inside = len(ends.raw.received), f"127.0.0.1:{ends.internal.port}"
    with ManyModes(folder(), ends, callers=True, forward=True, runway_hosts=["127.0.0.1"]) as proxy:
        for mode in PROXY_MODES:
            with connect(proxy.at(mode)) as connection:
                assert send(connection, "GET", f"http://{inside}/", inside, (BASIC,)).status == 200
                assert send(connection, "CONNECT", ends.raw.address, ends.raw.address).status == 200
                connection.sendall(b"\x00\x01SSH-2.0-x\r\n")
                with contextlib.suppress(ConnectionResetError):
                    assert connection.recv(65_536) == b""
    assert len(ends.raw.received) == before


def test_a_download_goes_by_the_next_proxy(closed: ManyModes, ends: FarEnds) -> None:
    host, port = closed.at("upstream")
    with web(f"http://{host}:{port}", headers=dict([BEARER])) as client:
        video = client.post("/v1/videos", json={"prompt": "by the next proxy"}).json()["id"]
        finished(client, video)
        mark = ends.mark()
        assert client.get(f"/v1/videos/{video}/content").status_code == 200
    (asked,) = ends.since(mark)
    assert asked in ends.next_proxy.requests
    # A proxy has to be told the host.
    assert asked.path.startswith(f"{ends.sandbox_server.url}/")
    assert_no_token(asked.headers)

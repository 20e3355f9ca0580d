"""What is remembered of clients' connections."""

from __future__ import annotations

import asyncio

import pytest
from mitmproxy import connection
from mitmproxy.connection import Client
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.test import tflow

from runway_addon.connections import Connections
from unit.loopback import in_a_loop


def client_of(peer: tuple[str, int]) -> Client:
    client = tflow.tclient_conn()
    client.peername = peer
    return client


@pytest.mark.parametrize("own", [("127.0.0.1", 41000), ("::1", 41000, 0, 0)])
def test_a_client_that_comes_through_the_proxy_itself_is_not_the_local_user(own: tuple[str, int]) -> None:
    connections = Connections()
    near, stranger = client_of(own), client_of(("10.0.0.9", 5000))
    hop = connection.Server(address=("127.0.0.1", 8080))
    hop.sockname = own
    data = ServerConnectionHookData(server=hop, client=stranger)
    assert connections.peer(near) == own[0]
    connections.note_hop(data)
    assert connections.peer(near) == "10.0.0.9"
    # Through the proxy twice.
    last = client_of(("127.0.0.1", 41001))
    second = connection.Server(address=("127.0.0.1", 8080))
    second.sockname = ("127.0.0.1", 41001)
    twice = ServerConnectionHookData(server=second, client=near)
    connections.note_hop(twice)
    assert connections.peer(last) == "10.0.0.9"
    connections.forget_hop(twice)
    connections.forget_hop(data)
    connections.forget_hop(data)
    assert (connections.peer(near), connections.peer(last)) == (own[0], "127.0.0.1")
    hop.sockname = None
    connections.note_hop(data)  # never connected
    connections.forget_hop(data)
    assert connections.peer(near) == own[0]


def test_a_client_without_an_address_has_none() -> None:
    client = tflow.tclient_conn()
    client.peername = None  # type: ignore[assignment]
    assert Connections().peer(client) == ""


def test_a_tunnel_and_what_may_be_opened_in_it() -> None:
    connections, client = Connections(), client_of(("127.0.0.1", 1))
    assert (connections.tunnel(client), connections.may_open(client)) == (None, False)
    connections.open_tunnel(client, trusted=True)
    assert (connections.tunnel(client), connections.may_open(client)) == (True, True)
    connections.distrust_tunnels()
    assert (connections.tunnel(client), connections.may_open(client)) == (False, False)
    connections.let_in(client)
    assert connections.may_open(client)
    connections.close_tunnel(client)
    assert (connections.tunnel(client), connections.may_open(client)) == (None, False)


@in_a_loop
async def test_who_is_not_let_in_in_time_is_cut_off() -> None:
    connections = Connections(grace_seconds=0)
    cut: asyncio.Queue[Client] = asyncio.Queue()
    idle, served, forwarded, gone = (client_of(("10.0.0.9", port)) for port in range(4))
    quic = client_of(("10.0.0.9", 5))
    quic.transport_protocol = "udp"
    for client in (served, forwarded, gone, quic, idle):
        connections.connected(client, cut.put_nowait)
    assert connections.fresh() == 4
    connections.admitted(served)
    connections.let_in(forwarded)
    connections.admitted(gone)  # it has left
    connections.admitted(gone)
    assert connections.fresh() == 1
    assert await asyncio.wait_for(cut.get(), 10) is idle
    # The idle one came last: the others' time was over before.
    assert cut.empty()

"""Which redirected connections are this machine's own: by both of their ends."""

from __future__ import annotations

import pytest
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from asking import other_address
from runway_addon.connections import Connections
from runway_addon.own_machine import is_own, made_here
from unit.addon.admission_harness import addresses, admission, asked

LOOPBACK = "127.0.0.1"
NEIGHBOUR = "203.0.113.9"


@pytest.fixture
def own() -> str:
    """An address of this machine that is not loopback."""
    return other_address()


@pytest.mark.parametrize(
    "address", [NEIGHBOUR, "2001:db8::9", f"::ffff:{NEIGHBOUR}", "", "localhost", "0.0.0.0"]
)
def test_an_address_of_another_machine(address: str) -> None:
    assert not is_own(address)


def test_an_address_of_this_machine(own: str) -> None:
    assert is_own(LOOPBACK)
    assert is_own(own)
    assert is_own(f"::ffff:{own}")


def test_both_ends_count(own: str) -> None:
    assert made_here(own, LOOPBACK)
    assert made_here(f"::ffff:{own}", f"::ffff:{LOOPBACK}")
    assert not made_here(NEIGHBOUR, LOOPBACK)  # redirected to loopback from elsewhere
    assert not made_here(own, own)  # a balancer on this machine, or a container's network
    assert not made_here(own, "")


@pytest.mark.parametrize(
    ("mode", "local_end", "local"),
    [
        ("transparent", LOOPBACK, True),
        ("transparent", "10.0.0.1", False),
        ("transparent", "", False),
        # Nothing is redirected to these.
        ("regular", LOOPBACK, False),
        ("reverse:https://gateway.example", LOOPBACK, False),
    ],
)
def test_only_what_was_redirected_is_local(own: str, mode: str, local_end: str, local: bool) -> None:
    flow = asked(path="/v1/chat", mode=mode, peer=own)
    assert addresses(local_end=local_end).is_local(flow.client_conn) is local
    assert addresses(local_end=local_end).sender(flow, {}).redirected is local
    assert admission(local_end=local_end).may_open(flow.client_conn) is (local and mode == "transparent")


def test_who_came_through_the_proxy_itself_is_not_local(own: str) -> None:
    """The proxy's own connections may be redirected to it again, for a client elsewhere."""
    connections = Connections()
    client = asked(peer=NEIGHBOUR).client_conn
    server = asked().server_conn
    server.sockname = (own, 5001)
    connections.note_hop(ServerConnectionHookData(server, client))
    flow = asked(peer=own)
    flow.client_conn.peername = (own, 5001)
    flow.client_conn.proxy_mode = ProxyMode.parse("transparent")
    assert not addresses(connections, local_end=LOOPBACK).is_local(flow.client_conn)

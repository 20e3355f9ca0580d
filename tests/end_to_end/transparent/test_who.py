"""The table's lines on transparent mode, in network namespaces; and redirects that make nobody local."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from asking import PATIENCE_SECONDS
from balancers import haproxy, needs_haproxy
from end_to_end.access.attacks import BASIC
from end_to_end.access.modes import BEARER, CALLERS, tag
from end_to_end.access.test_who import CASES, title
from end_to_end.access.who_table import Case
from end_to_end.conftest import Folders, whole
from end_to_end.transparent.conftest import CLIENT, GATEWAY, HOST, OPENAI, Transparent
from far_ends import WEB_SOCKET, RawServer, web_socket
from machines import Machine, why_not
from origins import Origin
from sandbox_server import SandboxServer
from wire import Answer, Headers, send

pytestmark = pytest.mark.slow

#: Addresses of the proxy's machine: of what is redirected, and of what is not.
OWN, OTHER = "203.0.113.2", "203.0.113.1"
TRANSPARENT = [case for case in CASES if case.mode == "transparent"]
_RAW_PORT = 81
_REDIRECT = (
    "iptables -t nat -F\n"
    f"iptables -t nat -A OUTPUT -p tcp -s {OWN} -d {OPENAI} -j REDIRECT --to-ports $PORT\n"
    f"iptables -t nat -A PREROUTING -p tcp -i lan -d {OPENAI} -j REDIRECT --to-ports $PORT\n"
)


class Network:
    """A client's machine, the proxies', and a host of runway_hosts without TLS."""

    def __init__(self, folder: Folders, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self.client, self.gateway, far = (stack.enter_context(Machine()) for _ in range(3))
        self.gateway.joined_to(self.client, "lan", [f"{GATEWAY}/24"], [f"{CLIENT}/24"])
        self.gateway.joined_to(far, "wan", [f"{OTHER}/24", f"{OWN}/24"], [f"{OPENAI}/24"])
        self.client.sh(f"ip route add default via {GATEWAY}")
        with far.inside():
            self.host = stack.enter_context(Origin(address=(OPENAI, 80)))
            self.raw = stack.enter_context(RawServer((OPENAI, _RAW_PORT)))
        self.host.routes["/socket"] = web_socket
        with self.gateway.inside():
            self.sandbox_server = stack.enter_context(SandboxServer())
        self._proxies: dict[tuple[bool, bool], Transparent] = {}
        self._balancer = 0

    def redirect_to(self, callers: bool, forward: bool) -> Transparent:
        """All traffic to the host goes to the proxy with these settings from now on."""
        if (callers, forward) not in self._proxies:
            port = 9000 + len(self._proxies)
            options: dict[str, Any] = {"runway_callers": CALLERS} if callers else {}
            options |= {"runway_forward": forward, **self.sandbox_server.options()}
            listen = ("--mode", "transparent", "--listen-host", "0.0.0.0", "--listen-port", str(port))
            with self.gateway.inside():
                proxy = Transparent(self._folder(), listen=listen, **options)
            self._proxies[callers, forward] = self._stack.enter_context(proxy)
            self._stack.callback(whole, proxy)
        proxy = self._proxies[callers, forward]
        self.gateway.sh(_REDIRECT, {"PORT": str(proxy.port)})
        return proxy

    def connect(self, client: str, port: int = 80) -> socket.socket:
        """A connection of one of the table's clients to the host."""
        machine = self.client if client == "another machine" else self.gateway
        place, source = (OPENAI, port), ("", 0)
        with machine.inside():
            if client == "the local user":
                source = (OWN, 0)
            elif client == "through a balancer":
                place = ("127.0.0.1", self.balancer())
            return socket.create_connection(place, PATIENCE_SECONDS, source)

    def balancer(self) -> int:
        """The port of a HAProxy on the proxies' machine, whose connections are redirected."""
        if not self._balancer:
            front = haproxy(self._folder(), f"{OPENAI}:80 source {OWN}", "option forwardfor")
            self._balancer = self._stack.enter_context(front).port
        return self._balancer


@pytest.fixture(scope="module")
def network(folder: Folders) -> Iterator[Network]:
    if (why := why_not()) is not None:
        pytest.skip(why)
    with ExitStack() as stack:
        yield Network(folder, stack)


def ask(
    connection: socket.socket, method: str, target: str, headers: Headers = (), body: bytes = b""
) -> Answer:
    with connection:
        return send(connection, method, target, HOST, headers, body)


def video(network: Network, connect: Callable[[], socket.socket], token: bool) -> str:
    """Whether a create and a poll are served; else their status."""
    made = network.sandbox_server.made()
    known = (BEARER,) if token else ()
    answer = ask(connect(), "POST", "/v1/videos", known, b'{"prompt": "who is served"}')
    served = answer.status == 200
    assert network.sandbox_server.made() == made + served
    name = answer.json["id"] if served else f"video_rw_{tag()}"
    assert ask(connect(), "GET", f"/v1/videos/{name}", known).status == answer.status
    return "served" if served else str(answer.status)


def through(network: Network, connect: Callable[[], socket.socket], headers: Headers) -> set[str]:
    """Whether other HTTP passes; else its statuses."""
    found = set()
    ways: tuple[tuple[str, str, Headers, bytes], ...] = (
        ("GET", "/v1/models", (), b""),
        ("POST", "/v1/chat", (), b"{}"),
        ("GET", "/socket", WEB_SOCKET, b""),
    )
    for method, target, more, body in ways:
        word = tag()
        answer = ask(connect(), method, f"{target}?{word}", (*headers, *more), body)
        arrived = any(word in asked.path for asked in network.host.requests)
        found.add("passes" if arrived else str(answer.status))
    return found


def raw_passes(network: Network, client: str) -> bool:
    """Whether what is no HTTP passes."""
    before = len(network.raw.received)
    with network.connect(client, _RAW_PORT) as connection:
        connection.sendall(b"\x00\x01SSH-2.0-x\r\n")
        try:
            back = connection.recv(100)
        except ConnectionError:
            back = b""
    return back == b"pong" or len(network.raw.received) > before


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=title(case), marks=needs_haproxy if "balancer" in case.client else ())
        for case in TRANSPARENT
    ],
)
def test_line(network: Network, case: Case) -> None:
    network.redirect_to(case.callers, case.forward)

    def connect() -> socket.socket:
        return network.connect(case.client)

    assert video(network, connect, case.token) == case.video
    assert through(network, connect, (BASIC,) if case.token else ()) == {case.through}
    if case.client != "through a balancer":  # it speaks HTTP alone
        assert raw_passes(network, case.client) is (case.through == "passes")


def test_an_own_address_alone_makes_nobody_local(network: Network) -> None:
    """As a balancer or a container's network on this machine has it: it is redirected by no rule."""
    port = network.redirect_to(callers=False, forward=False).port
    with network.gateway.inside():
        for address in (OTHER, OWN):

            def connect(address: str = address) -> socket.socket:
                return socket.create_connection((address, port), PATIENCE_SECONDS, (address, 0))

            assert video(network, connect, token=False) == "403"
            assert through(network, connect, ()) == {"403"}


def test_a_redirect_to_loopback_alone_makes_nobody_local(network: Network) -> None:
    port = network.redirect_to(callers=False, forward=False).port
    network.gateway.sh(
        "sysctl -w net.ipv4.conf.lan.route_localnet=1\niptables -t nat -F\n"
        f"iptables -t nat -A PREROUTING -p tcp -i lan -d {OPENAI} -j DNAT --to-destination 127.0.0.1:{port}"
    )

    def connect() -> socket.socket:
        return network.connect("another machine")

    assert video(network, connect, token=False) == "403"
    assert through(network, connect, ()) == {"403"}
    assert not raw_passes(network, "another machine")


def test_who_asks_for_the_proxy_itself_goes_round_in_no_circle(network: Network) -> None:
    """Without a redirect it was going to the proxy's address, and all is passed on to where it was going."""
    port = network.redirect_to(callers=True, forward=True).port
    for machine, address in (
        (network.client, GATEWAY),
        (network.gateway, OTHER),
        (network.gateway, "127.0.0.1"),
    ):
        with machine.inside():
            connection = socket.create_connection((address, port), PATIENCE_SECONDS)
        assert ask(connection, "GET", "/v1/models", [("Authorization", "Bearer sk-any")]).status == 502


def test_the_proxys_own_connections_redirected_go_round_in_no_circle(network: Network) -> None:
    """As where it runs as the application's user."""
    proxy = network.redirect_to(callers=False, forward=False)
    network.gateway.sh(f"iptables -t nat -A OUTPUT -p tcp -d {OPENAI} -j REDIRECT --to-ports {proxy.port}")
    for status, more in ((502, ()), (403, [("Via", "1.1 balancer")])):
        assert ask(network.connect("the local user"), "GET", "/a/file", more).status == status
    assert "it must run as another user than the application" in proxy.log

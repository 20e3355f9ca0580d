"""Who sent a request, and to whom: the proxy itself, a server behind it, or a reverse target."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping

from mitmproxy import http
from mitmproxy.connection import Client
from mitmproxy.proxy.mode_specs import (
    LocalMode,
    OsProxyMode,
    RegularMode,
    ReverseMode,
    TransparentMode,
    TunMode,
    UpstreamMode,
    WireGuardMode,
)
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from runway_addon.connections import Connections
from runway_addon.http_layer import RequestForms
from runway_addon.own_machine import made_here
from runway_videos.openai.authentication import Way
from runway_videos.openai.local_user import Sender, is_loopback

# Where the system's routing brings the traffic, and not the client's choice.
_ROUTED = (TransparentMode, WireGuardMode, LocalMode, TunMode, OsProxyMode)
#: The modes in which a client speaks HTTP to the proxy itself.
_HTTP_PROXY = (RegularMode, UpstreamMode)


class Addresses:
    """Reads them off flows. Asks only: what it knows is written elsewhere."""

    def __init__(
        self,
        connections: Connections,
        forms: RequestForms,
        is_own_address: Callable[[str, int], bool],
        local_end: Callable[[Client], str] = lambda client: "",
        checks_servers: Callable[[], bool] = lambda: True,
    ) -> None:
        """`local_end`: the IP address at which a client's connection ends here. `checks_servers`: whether
        servers' certificates are looked at.
        """
        self._connections = connections
        self._forms = forms
        self._is_own_address = is_own_address
        self._local_end = local_end
        self._checks_servers = checks_servers

    def peer(self, client: Client) -> str:
        """The IP address of a client, also where it came to the proxy through the proxy itself."""
        return self._connections.peer(client)

    def is_local(self, client: Client) -> bool:
        """Whether a client is on this machine: by loopback, or redirected here by the system."""
        return is_loopback(self.peer(client)) or self._is_redirected(client)

    def _is_redirected(self, client: Client) -> bool:
        """Whether the system redirected a connection of this machine here, from its own address."""
        return isinstance(client.proxy_mode, TransparentMode) and made_here(
            self.peer(client), self._local_end(client)
        )

    def why_endless(self, data: ServerConnectionHookData) -> str | None:
        """Why a connection to a server would come to this proxy again, and so on; None where it would not.

        In transparent mode it goes to where the client was going.
        """
        if data.server.address and self._is_own_address(*data.server.address[:2]):
            return "a client goes to the proxy itself as to a server that requests go on to"
        if isinstance(data.client.proxy_mode, TransparentMode) and self._connections.is_hop(data.client):
            return (
                "the system redirects the proxy's own connections to it: it must run as another user than "
                "the application"
            )
        return None

    def sender(self, flow: http.HTTPFlow, headers: Mapping[str, str]) -> Sender:
        """Who sent the request, with its headers by lower-case name."""
        client, form = flow.client_conn, self._forms.of(flow.request)
        return Sender(
            peer=self._connections.peer(client),
            redirected=self._is_redirected(client),
            headers=headers,
            http_1_0=flow.request.data.http_version == b"HTTP/1.0",
            host=form.host if form.to_server or isinstance(client.proxy_mode, ReverseMode) else None,
            connected_to=client.sockname[0] if client.sockname else "",
            tunnel=self._connections.tunnel(client),
        )

    def is_for_proxy(self, flow: http.HTTPFlow) -> bool:
        """Whether the request is addressed to the proxy itself, as to a server. Each for itself:
        balancers send many clients' requests over one connection.
        """
        client, request = flow.client_conn, flow.request
        if not isinstance(client.proxy_mode, _HTTP_PROXY):
            return False
        return (
            self._forms.of(request).to_server
            or (client.sockname is not None and (request.host, request.port) == client.sockname[:2])
            or self._is_own_address(request.host, request.port)
        )

    def way(self, flow: http.HTTPFlow) -> Way:
        """How a request comes, and where it wants to go."""
        return Way.OWN if self.is_for_proxy(flow) else way_of(flow.client_conn)

    def goes_to(self, flow: http.HTTPFlow, hosts: Container[str]) -> bool:
        """Whether a request that goes on surely goes to one of these hosts, by all of its names.

        A redirected client chose an IP address. Whose that is, only the server's certificate tells,
        which mitmproxy checks for the name in the client's TLS handshake.
        """
        client, request = flow.client_conn, flow.request
        if way_of(client) is not Way.ROUTED:
            names = [request.host]
        elif request.scheme == "https" and client.sni and self._checks_servers():
            names = [client.sni]
        else:
            return False
        if not is_reverse(flow):
            names.append(request.pretty_host)
        return all(name.lower() in hosts for name in names)

    def has_body(self, flow: http.HTTPFlow) -> bool:
        """Whether a body may follow the headers."""
        return not self._forms.of(flow.request).ended

    def goes_to_next_proxy(self, flow: http.HTTPFlow) -> bool:
        """Whether a plain request is sent to a proxy, which must be told the host in its target."""
        return self._forms.of(flow.request).proxied_on


def is_reverse(flow: http.HTTPFlow) -> bool:
    """Whether the flow came in through a reverse mode."""
    return isinstance(flow.client_conn.proxy_mode, ReverseMode)


def way_of(client: Client) -> Way:
    """How a client's traffic comes that is not for the proxy itself."""
    if isinstance(client.proxy_mode, ReverseMode):
        return Way.TARGET
    return Way.ROUTED if isinstance(client.proxy_mode, _ROUTED) else Way.PROXY


def needs_tunnel(client: Client) -> bool:
    """Whether what is no HTTP can come from the client only in a tunnel that a CONNECT opened."""
    return isinstance(client.proxy_mode, _HTTP_PROXY)

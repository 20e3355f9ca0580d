"""What is remembered of clients' connections: whose they are, their tunnels, and what they may open."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable

from mitmproxy.connection import Client
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

#: How long a client may be connected before it has sent a request that is let in.
GRACE_SECONDS = 20.0


class Connections:
    """All open connections of clients. Outlives a reload of the script, as the connections do."""

    def __init__(self, grace_seconds: float = GRACE_SECONDS) -> None:
        self._grace = grace_seconds
        # Our own ends of connections to servers, and the clients for whom they were made.
        self._hops: dict[tuple[str, int], str] = {}
        self._tunnels: weakref.WeakKeyDictionary[Client, bool] = weakref.WeakKeyDictionary()
        self._may_open: weakref.WeakSet[Client] = weakref.WeakSet()
        self._timers: weakref.WeakKeyDictionary[Client, asyncio.TimerHandle] = weakref.WeakKeyDictionary()

    # Whose

    def peer(self, client: Client) -> str:
        """The IP address of a client, also where it came to the proxy through the proxy itself."""
        return self._hops.get(client.peername[:2], client.peername[0]) if client.peername else ""

    def is_hop(self, client: Client) -> bool:
        """Whether the client is this proxy itself."""
        return bool(client.peername) and client.peername[:2] in self._hops

    def note_hop(self, data: ServerConnectionHookData) -> None:
        """Remembers whose connection to a server this is.

        Where that server is the proxy itself, over any of its names, the client is not the local user.
        """
        if data.server.sockname:
            self._hops[data.server.sockname[:2]] = self.peer(data.client)

    def forget_hop(self, data: ServerConnectionHookData) -> None:
        """The connection to a server has ended."""
        if data.server.sockname:
            self._hops.pop(data.server.sockname[:2], None)

    # Tunnels

    def open_tunnel(self, client: Client, trusted: bool) -> None:
        """A CONNECT is answered with a tunnel; `trusted`: other traffic may pass in it."""
        self._tunnels[client] = trusted
        if trusted:
            self.let_in(client)
        else:
            # What was asked before on this connection may have been another client's of a balancer.
            self._may_open.discard(client)

    def close_tunnel(self, client: Client) -> None:
        """There is no tunnel after all: the next request may be another client's."""
        self._tunnels.pop(client, None)
        self._may_open.discard(client)

    def tunnel(self, client: Client) -> bool | None:
        """Whether the client's tunnel is trusted, None where it has none."""
        return self._tunnels.get(client)

    def distrust_tunnels(self) -> None:
        """Who may use the proxy has changed: open tunnels are for video calls alone."""
        for client in list(self._tunnels):
            self.open_tunnel(client, trusted=False)

    # Who has been let in

    def let_in(self, client: Client) -> None:
        """A request of the client goes on: connections to servers may be opened for it."""
        self._may_open.add(client)
        self.admitted(client)

    def may_open(self, client: Client) -> bool:
        """Whether connections to servers may be opened for the client."""
        return client in self._may_open

    def fresh(self) -> int:
        """How many clients have connected and nothing of them has been let in yet."""
        return len(self._timers)

    def connected(self, client: Client, cut: Callable[[Client], None]) -> None:
        """A client has connected: it is cut off where nothing of it is let in within the grace."""
        if client.transport_protocol == "tcp":
            timer = asyncio.get_running_loop().call_later(self._grace, self._expired, client, cut)
            self._timers[client] = timer

    def admitted(self, client: Client) -> None:
        """Something of the client is let in; or it has left."""
        if (timer := self._timers.pop(client, None)) is not None:
            timer.cancel()

    def _expired(self, client: Client, cut: Callable[[Client], None]) -> None:
        if self._timers.pop(client, None) is not None:
            cut(client)

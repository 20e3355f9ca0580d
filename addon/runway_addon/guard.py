"""What stands when the script does not: mitmproxy goes on without it, as an open proxy.

A script that breaks or whose file is gone for a moment (any checkout does that) is removed by
mitmproxy with its addon. `LastGood` then keeps the addon that worked in its place. `Guard` is the
last in the chain and answers 503 to all that no addon has decided on, for whatever reason.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import MutableMapping
from typing import Protocol

from mitmproxy import ctx, dns, http, tcp, udp
from mitmproxy.connection import Client
from mitmproxy.flow import Flow
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from runway_addon import flow_messages, listening
from runway_addon.admission import AdmittedCall
from runway_addon.connections import Connections
from runway_addon.http_layer import RequestForms
from runway_addon.log_throttle import LogThrottle
from runway_videos.errors import ApiError
from runway_videos.logs import log


class Decisions:
    """The flows on which the addon has decided: they may go on, or are answered."""

    def __init__(self) -> None:
        self._flows: weakref.WeakSet[http.HTTPFlow] = weakref.WeakSet()

    def made(self, flow: http.HTTPFlow) -> None:
        """The addon has decided on this flow."""
        self._flows.add(flow)

    def __contains__(self, flow: http.HTTPFlow) -> bool:
        return flow in self._flows


class ScriptAddon(Protocol):
    """An addon that ends with its script."""

    def done(self) -> None: ...


class LastGood:
    """Stands right behind the scripts; mitmproxy calls the hooks of its `addons` too.

    It is in the chain only while it keeps one: each addon there costs some time on every event.
    """

    name = "runway_last_good"

    def __init__(self) -> None:
        self.addons: list[ScriptAddon] = []

    def keep(self, addon: ScriptAddon) -> None:
        """The script of an addon that worked has ended: it goes on here, unless another one comes."""
        self.addons = [addon]
        self._stand()
        # A reload ends the old script and loads the new one in one go: whether that fails is seen later.
        asyncio.get_running_loop().call_soon(self._log_kept)

    def replaced_by(self, addon: ScriptAddon) -> None:
        """An addon works. One kept here is dropped, unless it is that one."""
        if addon not in self.addons:
            self.addons = []
            self._leave()

    def _stand(self) -> None:
        """In the script's own place: other addons rely on what ours has done before them."""
        self._leave()
        addons = ctx.master.addons
        scripts = addons.get("scriptloader")
        at = addons.chain.index(scripts) + 1 if scripts in addons.chain else 0
        # A new list: the chain may be gone through just now.
        addons.chain = [*addons.chain[:at], self, *addons.chain[at:]]

    def _leave(self) -> None:
        addons = ctx.master.addons
        addons.chain = [each for each in addons.chain if each is not self]

    def _log_kept(self) -> None:
        if self.addons:
            log.warning(
                "the script is gone or broken: its last good addon keeps serving; "
                "mend it, or end the proxy and start it again"
            )


class Guard:
    """The last of all addons: nothing passes that none has decided on.

    It also records connections, which go on without the script.
    """

    name = "runway_guard"

    def __init__(
        self,
        connections: Connections,
        forms: RequestForms,
        decisions: Decisions,
        calls: MutableMapping[http.HTTPFlow, AdmittedCall],
        throttle: LogThrottle,
    ) -> None:
        self._connections = connections
        self._forms = forms
        self._decisions = decisions
        self._calls = calls
        self._throttle = throttle

    def client_connected(self, client: Client) -> None:
        self._connections.connected(client, listening.cut_client)

    def client_disconnected(self, client: Client) -> None:
        self._connections.admitted(client)

    def server_connected(self, data: ServerConnectionHookData) -> None:
        self._connections.note_hop(data)

    def server_disconnected(self, data: ServerConnectionHookData) -> None:
        self._connections.forget_hop(data)

    def http_connect_error(self, flow: http.HTTPFlow) -> None:
        self._connections.close_tunnel(flow.client_conn)

    def next_layer(self, nextlayer: NextLayer) -> None:
        # Behind mitmproxy's own addon, which has chosen the layer by now.
        self._forms.watch(nextlayer)

    def http_connect(self, flow: http.HTTPFlow) -> None:
        if not self._is_decided(flow):
            flow_messages.take_credentials(flow)
            flow_messages.put_error(flow, self._not_there())

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if self._is_decided(flow):
            return
        flow_messages.take_credentials(flow)
        error = self._not_there()
        size = flow_messages.request_size(flow, not self._forms.of(flow.request).ended)
        if size is None or size > flow_messages.LARGEST_HELD_BODY:
            listening.cut_off(flow)
        else:
            flow_messages.put_error(flow, error)

    def request(self, flow: http.HTTPFlow) -> None:
        if self._calls.pop(flow, None) is not None:
            # It was let in, and nobody has answered it: it must not go out.
            flow_messages.put_error(flow, self._not_there())

    def server_connect(self, data: ServerConnectionHookData) -> None:
        if not data.server.error and not self._connections.may_open(data.client):
            data.server.error = self._not_there().message

    def tcp_start(self, flow: tcp.TCPFlow) -> None:
        self._kill(flow)

    def udp_start(self, flow: udp.UDPFlow) -> None:
        self._kill(flow)

    def dns_request(self, flow: dns.DNSFlow) -> None:
        self._kill(flow)

    def _kill(self, flow: Flow) -> None:
        if flow.killable and not self._connections.may_open(flow.client_conn):
            self._not_there()
            flow.kill()

    def _is_decided(self, flow: http.HTTPFlow) -> bool:
        return flow in self._decisions or bool(flow.response or flow.error)

    def _not_there(self) -> ApiError:
        if self._throttle.may_log("the addon is not there", ""):
            log.error("no addon has decided on what comes in: the proxy answers 503 to it")
        return ApiError(503, "The proxy's addon is not there; its operator sees why in the log.")


def install(guard: Guard) -> None:
    """Adds the guard, once: it is no part of the script and stays when that goes."""
    if ctx.master.addons.get(Guard.name) is None:
        ctx.master.addons.add(guard)

"""Puts `mode`, `listen_host` and `listen_port` of mitm.conf into effect.

mitmproxy begins to bind its sockets before it loads scripts, with what the command line says. So
the servers are changed right behind that, before anyone is told where the proxy listens; and what
the first, premature binding says is kept off the terminal: it may even fail (another program on
port 8080) without harm.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from mitmproxy import ctx, http
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.connection import Client
from mitmproxy.proxy.mode_servers import AsyncioServerInstance, ServerInstance
from mitmproxy.proxy.mode_specs import ProxyMode

from runway_addon.options import AddonOptions
from runway_addon.own_machine import is_own
from runway_videos.config.conf_file import ConfigError
from runway_videos.logs import log

# [Errno 98] … failed to listen on 127.0.0.1:80 with [Errno 98] …: [errno 98] address already in use
_FAILED = re.compile(r"failed to listen on (\S+) with .*?([^\]:]*?)(?: Try specifying .*)?$")
# For mitmproxy to close the connection by itself.
_CUT_SECONDS = 0.1
_LOGGERS = ("mitmproxy.addons.proxyserver", "mitmproxy.proxy.mode_servers")


def silence_server_log(hold: Callable[[logging.LogRecord], bool] = lambda _: False) -> None:
    """Keeps what mitmproxy says of its servers off the log: all of it, unless `hold` says True."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(hold)


class Relisten:
    """One change of the listening addresses at start. Raises ConfigError on an impossible address."""

    def __init__(self, options: AddonOptions) -> None:
        self._options = options
        self._held: list[logging.LogRecord] = []
        try:
            self._modes = [ProxyMode.parse(each) for each in modes_with_addresses(options)]
        except ValueError as error:
            raise ConfigError(f"{options.where_to_listen()}: {error}") from error
        silence_server_log(self._hold)

    async def finish(self) -> None:
        """Waits for mitmproxy's own set-up and changes it. Raises ConfigError where it cannot."""
        servers = _proxyserver().servers
        # update() waits for the one under way. Old servers that never came up cannot be stopped;
        # that is the only failure here that is none.
        await servers.update([])
        self._held.clear()
        ok = await servers.update(self._modes)
        for name in _LOGGERS:
            logging.getLogger(name).removeFilter(self._hold)
        if not ok:
            errors = [_one_line(each.getMessage()) for each in self._held if each.levelno >= logging.ERROR]
            is_address = all(_FAILED.search(each) for each in errors)
            where = self._options.where_to_listen() if is_address else self._options.where_of_mode()
            raise ConfigError(f"{where}: {'; '.join(map(_problem, errors))}")

    def _hold(self, record: logging.LogRecord) -> bool:
        self._held.append(record)
        return False


class Listener:
    """The listening sockets, closed and opened again at the same addresses. Open to begin with."""

    def __init__(self) -> None:
        self._is_open = True
        self._modes: list[ProxyMode] = []

    async def set_open(self, is_open: bool) -> None:
        """Opens or closes them; connections that stand go on."""
        if is_open == self._is_open:
            return
        self._is_open = is_open
        servers = _proxyserver().servers
        if not is_open:
            silence_server_log()
            self._modes = [_pinned(server) for server in servers]
            await _close(servers)
        if not await servers.update(self._modes if is_open else []):
            log.warning("cannot listen again for clients that left; another program has the address")


def addresses() -> list[str]:
    """Where the proxy listens now, as host:port."""
    found = []
    for host, port, *_ in _proxyserver().listen_addrs():
        found.append(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    return found


def cut_off(flow: http.HTTPFlow) -> None:
    """Closes the client's connection at once, whatever it is sending.

    `kill` alone is not enough: mitmproxy cancels the task that reads, and a task that is cancelled
    outside of its read never closes the socket.
    """
    flow.kill()
    cut_client(flow.client_conn, _CUT_SECONDS)


def cut_client(client: Client, seconds: float = 0) -> None:
    """Closes a client's connection after so many seconds."""
    handler = _proxyserver().connections.get(client.id)
    transport = handler.transports.get(client) if handler else None
    if transport is not None and isinstance(transport.writer, asyncio.StreamWriter):
        asyncio.get_running_loop().call_later(seconds, transport.writer.transport.abort)


def local_end(client: Client) -> str:
    """The IP address at which a client's connection ends here, "" where none is known.

    In transparent mode mitmproxy has put in its place where the client wanted to go.
    """
    handler = _proxyserver().connections.get(client.id)
    transport = handler.transports.get(client) if handler else None
    name = transport.writer.get_extra_info("sockname") if transport and transport.writer else None
    return str(name[0]) if name else ""


def checks_servers() -> bool:
    """Whether mitmproxy looks at servers' certificates."""
    return not ctx.options.ssl_insecure


def is_own_address(host: str, port: int) -> bool:
    """Whether host and port name this proxy itself; `host` where it listens on all addresses, any of them."""
    return any(
        port == own_port
        and (host in ("localhost", "127.0.0.1", "::1", own_host) or (_is_any(own_host) and is_own(host)))
        for own_host, own_port, *_ in _proxyserver().listen_addrs()
    )


def _is_any(host: str) -> bool:
    """Whether it stands for all addresses of the machine: `0.0.0.0`, `::`."""
    return not host.strip("0.:")


def _one_line(message: str) -> str:
    """A message without line breaks and traces."""
    return " ".join(message.split()).partition(" Stack backtrace")[0]


def _problem(text: str) -> str:
    """What mitmproxy says of a socket or a redirector that it cannot have, in fewer words."""
    found = _FAILED.search(text)
    if found is None:
        return f"{text}; local and other redirecting modes need root's rights"
    # Of an address that is none of this machine's mitmproxy gives a list of addresses, and no reason.
    reason = found[2].strip() or "this machine has no such address"
    return f"cannot listen on {found[1]}: {reason}; choose another listen_port or listen_host"


def _pinned(server: ServerInstance[ProxyMode]) -> ProxyMode:
    """A server's mode with the port that it has, where it was to find one by itself."""
    mode = server.mode
    if mode.listen_port(ctx.options.listen_port) or not server.listen_addrs:
        return mode
    host, port = mode.listen_host(ctx.options.listen_host), server.listen_addrs[0][1]
    bare = mode.full_spec.rpartition("@")[0] if mode.custom_listen_port is not None else mode.full_spec
    return ProxyMode.parse(f"{bare}@{host}:{port}" if host else f"{bare}@{port}")


async def _close(servers: Iterable[ServerInstance[ProxyMode]]) -> None:
    """Closes the listening sockets, and serves those who had connected.

    Closed by mitmproxy alone, the system would reset connections that are complete and not accepted yet:
    their requests may be on the way, and no balancer sends such a create again.
    """
    taken: list[tuple[socket.socket, AsyncioServerInstance[Any]]] = []
    for instance in servers:
        if not isinstance(instance, AsyncioServerInstance):
            continue
        for server in instance._servers:
            if isinstance(server, asyncio.Server):
                listening = [each.dup() for each in server.sockets]
                server.close()
                for each in listening:
                    taken.extend((connection, instance) for connection in _waiting(each))
                    each.close()
    loop = asyncio.get_running_loop()
    for connection, instance in taken:
        await loop.connect_accepted_socket(partial(_protocol, instance), connection)


def _protocol(instance: AsyncioServerInstance[Any]) -> asyncio.StreamReaderProtocol:
    return asyncio.StreamReaderProtocol(asyncio.StreamReader(), instance.handle_stream)


def _waiting(listening: socket.socket) -> Iterator[socket.socket]:
    """The connections that nobody has accepted yet."""
    listening.setblocking(False)
    with contextlib.suppress(OSError):
        while True:
            yield listening.accept()[0]


def _proxyserver() -> Proxyserver:
    found = ctx.master.addons.get("proxyserver")
    assert isinstance(found, Proxyserver)  # mitmproxy always has it
    return found


def modes_with_addresses(options: AddonOptions) -> list[str]:
    """mitmproxy's modes, with their addresses written into them: it notices no other change of address.

    Raises ValueError on an address that cannot be.
    """
    return [_with_address(mode, options) for mode in ctx.options.mode]


def _with_address(mode: str, options: AddonOptions) -> str:
    spec = ProxyMode.parse(mode)
    port = spec.listen_port(ctx.options.listen_port)
    host = spec.listen_host(ctx.options.listen_host)
    if port is None:
        return mode
    if not options.is_on_command_line("mode") and len(ctx.options.mode) == 1:
        # The command line wins over an address in the file's mode.
        port = ctx.options.listen_port if options.is_on_command_line("listen_port") else port
        host = ctx.options.listen_host if options.is_on_command_line("listen_host") else host
    bare = mode.rpartition("@")[0] if spec.custom_listen_port is not None else mode
    return f"{bare}@{host}:{port}" if host else f"{bare}@{port}"

"""Puts `mode`, `listen_host` and `listen_port` of mitm.conf into effect.

mitmproxy begins to bind its sockets before it loads scripts, with what the command line says. So
the servers are changed right behind that, before anyone is told where the proxy listens; and what
the first, premature binding says is kept off the terminal: it may even fail (another program on
port 8080) without harm.
"""

from __future__ import annotations

import logging

from mitmproxy import ctx
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.proxy.mode_specs import ProxyMode
from runway_videos.conf_file import ConfigError

_LOGGERS = ("mitmproxy.addons.proxyserver", "mitmproxy.proxy.mode_servers")


class Relisten:
    """One change of the listening addresses at start."""

    def __init__(self) -> None:
        self._heard: list[logging.LogRecord] = []
        try:
            self._modes = [ProxyMode.parse(_with_address(mode)) for mode in ctx.options.mode]
        except ValueError as error:
            raise ConfigError(f"mode: {error}") from error
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(self._hold)

    async def finish(self) -> None:
        """Waits for mitmproxy's own set-up and changes it. Raises ConfigError where it cannot."""
        servers = _proxyserver().servers
        # update() waits for the one under way. Old servers that never came up cannot be stopped;
        # that is the only failure here that is none.
        await servers.update([])
        self._heard.clear()
        ok = await servers.update(self._modes)
        for name in _LOGGERS:
            logging.getLogger(name).removeFilter(self._hold)
        if not ok:
            problem = "; ".join(record.getMessage().strip() for record in self._heard)
            raise ConfigError(" ".join(problem.split()))

    def _hold(self, record: logging.LogRecord) -> bool:
        self._heard.append(record)
        return False


def addresses() -> list[str]:
    """Where the proxy listens now, as host:port."""
    found = []
    for host, port, *_ in _proxyserver().listen_addrs():
        found.append(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    return found


def is_own_address(host: str, port: int) -> bool:
    """Whether host and port name this proxy itself."""
    return any(
        port == own_port and host in ("localhost", "127.0.0.1", "::1", own_host)
        for own_host, own_port, *_ in _proxyserver().listen_addrs()
    )


def _proxyserver() -> Proxyserver:
    found = ctx.master.addons.get("proxyserver")
    assert isinstance(found, Proxyserver)  # noqa: S101 (mitmproxy always has it)
    return found


def _with_address(mode: str) -> str:
    """A mode with its address written into it: mitmproxy notices no other change of address."""
    spec = ProxyMode.parse(mode)
    port = spec.listen_port(ctx.options.listen_port)
    if port is None:
        return mode
    host = spec.listen_host(ctx.options.listen_host)
    bare = mode.rpartition("@")[0] if spec.custom_listen_port is not None else mode
    return f"{bare}@{host}:{port}" if host else f"{bare}@{port}"

"""Puts `mode`, `listen_host` and `listen_port` of mitm.conf into effect.

mitmproxy begins to bind its sockets before it loads scripts, with what the command line says. So
the servers are changed right behind that, before anyone is told where the proxy listens; and what
the first, premature binding says is kept off the terminal: it may even fail (another program on
port 8080) without harm.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection

from mitmproxy import ctx
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.proxy.mode_specs import ProxyMode

from runway_videos.conf_file import ConfigError

# [Errno 98] … failed to listen on 127.0.0.1:80 with [Errno 98] …: [errno 98] address already in use
_FAILED = re.compile(r"failed to listen on (\S+) with .*?([^\]:]*?)(?: Try specifying .*)?$")
_LOGGERS = ("mitmproxy.addons.proxyserver", "mitmproxy.proxy.mode_servers")


def hold_back(hold: Callable[[logging.LogRecord], bool] = lambda _: False) -> None:
    """Keeps what mitmproxy says of its servers off the log: all of it, unless `hold` says True."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(hold)


class Relisten:
    """One change of the listening addresses at start."""

    def __init__(self, said: Collection[str]) -> None:
        """`said`: the options that the command line names, they win over the file."""
        self._heard: list[logging.LogRecord] = []
        try:
            self._modes = [ProxyMode.parse(_with_address(mode, said)) for mode in ctx.options.mode]
        except ValueError as error:
            raise ConfigError(f"mode: {error}") from error
        hold_back(self._hold)

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
            errors = (record for record in self._heard if record.levelno >= logging.ERROR)
            raise ConfigError("; ".join(_problem(record.getMessage()) for record in errors))

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


def _problem(message: str) -> str:
    """What mitmproxy says of a socket that it cannot have, in fewer words."""
    text = " ".join(message.split())
    found = _FAILED.search(text)
    if found is None:
        return text
    return f"cannot listen on {found[1]}: {found[2].strip()}; choose another listen_port or listen_host"


def _proxyserver() -> Proxyserver:
    found = ctx.master.addons.get("proxyserver")
    assert isinstance(found, Proxyserver)  # noqa: S101 (mitmproxy always has it)
    return found


def _with_address(mode: str, said: Collection[str]) -> str:
    """A mode with its address written into it: mitmproxy notices no other change of address."""
    spec = ProxyMode.parse(mode)
    options = ctx.options
    port, host = spec.listen_port(options.listen_port), spec.listen_host(options.listen_host)
    if port is None:
        return mode
    if "mode" not in said and len(options.mode) == 1:
        port = options.listen_port if "listen_port" in said else port
        host = options.listen_host if "listen_host" in said else host
    bare = mode.rpartition("@")[0] if spec.custom_listen_port is not None else mode
    return f"{bare}@{host}:{port}" if host else f"{bare}@{port}"

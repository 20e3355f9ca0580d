"""A real HAProxy in front of several proxies, with the configuration that operators are given."""

from __future__ import annotations

import csv
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import balancers
from running import ADDON

#: Where the configuration's three addresses stand in for.
CONFIGURATION = ADDON.parent / "deploy" / "haproxy.cfg"
LISTEN = "127.0.0.1:8080"
SERVERS = ("127.0.0.1:8081", "127.0.0.1:8082")
#: What it calls its servers.
NAMES = ("one", "two", "three")
_BACKENDS = ("creates", "shared-creates", "proxies")
# The lines that are for proxies with a store, and those that are not.
_SHARED = "use_backend shared-creates"
_NOT_SHARED = ("http-after-response set-header x-should-retry", "use_backend creates if METH_POST")
_TLS = "# bind :443 ssl crt /etc/haproxy/videos.pem"

installed = shutil.which("haproxy") is not None


class Balancer(balancers.Balancer):
    """`with Balancer(folder, ports) as balancer`: HAProxy on a free port, from the file's own lines."""

    def __init__(
        self,
        folder: Path,
        ports: Iterable[int],
        without: Iterable[str] = (),
        *,
        shared: bool = False,
        certificate: Path | None = None,
    ) -> None:
        """`without` names lines that are taken out, to see what they are for.

        `shared`: with the lines for proxies that share a store. `certificate`: with the line for TLS.
        """
        # HAProxy takes over a socket that listens already: the port is known, and nobody else's.
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        port, listen = self._socket.getsockname()[1], f"fd@{self._socket.fileno()}"
        self._file = folder / "haproxy.cfg"
        super().__init__(folder, ["haproxy", "-db", "-f", str(self._file)], port, [self._socket.fileno()])
        self._scheme = "http" if certificate is None else "https"
        text = CONFIGURATION.read_text()
        if certificate is None:
            text = text.replace(LISTEN, listen)
        else:
            assert _TLS in text
            text = text.replace(f"bind {LISTEN}", "").replace(_TLS, f"bind {listen} ssl crt {certificate}")
        self._used = ("proxies", "shared-creates" if shared else "creates")
        chosen = list(ports)
        for name, port in zip(NAMES[2:], chosen[2:], strict=False):
            text = _with_server(text, name, f"127.0.0.1:{port}")
        for name, port in zip(SERVERS, chosen, strict=False):
            text = text.replace(name, f"127.0.0.1:{port}")
        if shared:
            text = text.replace(f"# {_SHARED}", _SHARED)
        for line in (*without, *(_NOT_SHARED if shared else ())):
            assert line in text
            text = text.replace(line, f"# {line}")
        self._asked = folder / "haproxy.sock"
        self._file.write_text(f"global\n    stats socket {self._asked} level admin\n{text}")

    @property
    def base_url(self) -> str:
        """What clients take as OPENAI_BASE_URL."""
        return f"{self._scheme}://127.0.0.1:{self.port}/v1"

    def instead(self, line: str, other: str) -> Self:
        """Puts another line in a line's place."""
        text = self._file.read_text()
        assert line in text
        self._file.write_text(text.replace(line, other))
        return self

    def has(self, number: int) -> bool:
        """Whether it takes this server (0: the first) for alive."""
        return set(self._statuses(number)) == {"UP"}

    def lost(self, number: int) -> bool:
        """Whether it has taken this server out of one of its backends at least."""
        return "DOWN" in self._statuses(number)

    def _statuses(self, number: int) -> list[str]:
        """As it calls them: "UP 1/2" is on its way down."""
        rows = csv.DictReader(self._ask("show stat"))
        return [
            row["status"] for row in rows if row["# pxname"] in self._used and row["svname"] == NAMES[number]
        ]

    def take_out(self, number: int, *, back: bool = False) -> None:
        """Takes a server out of its configuration, or puts it `back`, as an operator does."""
        for backend in _BACKENDS:
            self._ask(f"set server {backend}/{NAMES[number]} state {'ready' if back else 'maint'}")

    def _ask(self, words: str) -> list[str]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._asked))
            connection.sendall(f"{words}\n".encode())
            with connection.makefile() as lines:
                return list(lines)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        super().__exit__(kind, error, trace)


def _with_server(text: str, name: str, place: str) -> str:
    """The configuration with one more server, as its last one is."""
    lines = []
    for line in text.splitlines():
        lines.append(line)
        if line.strip().startswith("server two "):
            lines.append(line.replace(SERVERS[1], place).replace("two", name))
    return "\n".join(lines) + "\n"

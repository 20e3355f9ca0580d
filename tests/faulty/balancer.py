"""A real HAProxy in front of several proxies, with the configuration that operators are given."""

from __future__ import annotations

import csv
import shutil
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from child_processes import Child
from running import ADDON, clean_environment

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

installed = shutil.which("haproxy") is not None


class Balancer:
    """`with Balancer(folder, ports) as balancer`: HAProxy on a free port, from the file's own lines."""

    def __init__(
        self, folder: Path, ports: Iterable[int], without: Iterable[str] = (), *, shared: bool = False
    ) -> None:
        """`without` names lines that are taken out, to see what they are for.

        `shared`: with the lines for proxies that share a store.
        """
        # HAProxy takes over a socket that listens already: the port is known, and nobody else's.
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        text = CONFIGURATION.read_text().replace(LISTEN, f"fd@{self._socket.fileno()}")
        self._used = ("proxies", "shared-creates" if shared else "creates")
        chosen = list(ports)
        for name, port in zip(NAMES[2:], chosen[2:], strict=False):
            text = _with_server(text, name, f"127.0.0.1:{port}")
        for name, port in zip(SERVERS, chosen, strict=False):
            text = text.replace(name, f"127.0.0.1:{port}")
        self._file = folder / "haproxy.cfg"
        if shared:
            text = text.replace(f"# {_SHARED}", _SHARED)
        for line in (*without, *(_NOT_SHARED if shared else ())):
            assert line in text
            text = text.replace(line, f"# {line}")
        self._asked = folder / "haproxy.sock"
        self._file.write_text(f"global\n    stats socket {self._asked} level admin\n{text}")
        self._log = folder / "haproxy.log"

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def base_url(self) -> str:
        """What clients take as OPENAI_BASE_URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    def has(self, number: int) -> bool:
        """Whether it takes this server (0: the first) for alive."""
        rows = csv.DictReader(self._ask("show stat"))
        return all(
            row["status"] == "UP"
            for row in rows
            if row["# pxname"] in self._used and row["svname"] == NAMES[number]
        )

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

    def __enter__(self) -> Balancer:
        with self._log.open("wb") as log:
            self._child = Child(
                ["haproxy", "-db", "-f", str(self._file)],
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(self._socket.fileno(),),
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        assert self._child.poll() is None, self._log.read_text()
        self._child.kill()
        self._child.wait()


def _with_server(text: str, name: str, place: str) -> str:
    """The configuration with one more server, as its last one is."""
    lines = []
    for line in text.splitlines():
        lines.append(line)
        if line.strip().startswith("server two "):
            lines.append(line.replace(SERVERS[1], place).replace("two", name))
    return "\n".join(lines) + "\n"

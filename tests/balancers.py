"""Real balancers in front of a proxy: HAProxy and nginx, on free ports of 127.0.0.1."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from asking import free_port, listens, until
from child_processes import Child
from running import clean_environment

needs_haproxy = pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not installed")
needs_nginx = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")

_HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
"""

# One process in the foreground, which keeps everything in its own folder.
NGINX = """
daemon off;
master_process off;
pid nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    {text}
}}
"""


class Balancer:
    """A program that listens on `port` from `with` on, and is ended with it."""

    def __init__(self, folder: Path, command: list[str], port: int, sockets: Iterable[int] = ()) -> None:
        """`sockets`: descriptors that it is given."""
        self.port = port
        self._command = command
        self._folder = folder
        self._sockets = tuple(sockets)
        self._log = folder / "log"

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._child = Child(
                self._command,
                cwd=self._folder,
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=self._sockets,
            )
        try:
            until(self._listens, f"{self._command[0]} to listen")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ended = self._child.poll()
        self._end()
        if kind is None:
            assert ended is None, self._log.read_text()

    def _listens(self) -> bool | None:
        assert self._child.poll() is None, self._log.read_text()
        return listens(self.port) or None

    def _end(self) -> None:
        self._child.kill()
        self._child.wait()


def haproxy(folder: Path, server: int | str, *lines: str) -> Balancer:
    """HAProxy in front of a port of 127.0.0.1 or of another server, with these lines in its `listen`."""
    port = free_port()
    place = f"127.0.0.1:{server}" if isinstance(server, int) else server
    own = "\n    ".join([f"bind 127.0.0.1:{port}", *lines, f"server proxy {place}"])
    (folder / "haproxy.cfg").write_text(f"{_HAPROXY}\nlisten front\n    {own}\n")
    return Balancer(folder, ["haproxy", "-db", "-f", "haproxy.cfg"], port)


def nginx(folder: Path, server: int, *lines: str) -> Balancer:
    """nginx in front of a port of 127.0.0.1; with nothing but `proxy_pass`, or with these lines.

    With lines its servers are a pool, which keeps one connection alive where the lines let it.
    """
    port = free_port()
    own, target = "", f"127.0.0.1:{server}"
    if lines:
        own, target = f"upstream pool {{ server {target}; keepalive 1; }}", "pool"
    location = f"location / {{ proxy_pass http://{target}; {' '.join(lines)} }}"
    own += f"\n    server {{ listen 127.0.0.1:{port}; {location} }}"
    (folder / "nginx.conf").write_text(NGINX.format(text=own))
    return Balancer(folder, ["nginx", "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"], port)

"""A real redis-server of Debian's, on a free port of 127.0.0.1. It keeps its data in a folder of the test."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType

import pytest

from asking import free_ports, listens, until
from child_processes import Child
from running import clean_environment

PROGRAM = shutil.which("redis-server")
needs_redis = pytest.mark.skipif(PROGRAM is None, reason="redis-server is not installed")


class RedisServer:
    """`appendonly`: it keeps what it holds over a restart, written to disk as `appendfsync` says.

    `certificate`, a file with its key: it listens for TLS, too, and at `socket`.
    """

    def __init__(
        self,
        folder: Path,
        appendonly: bool = True,
        password: str = "",
        appendfsync: str = "always",
        certificate: Path | None = None,
    ) -> None:
        self.folder = folder
        self.port, self.tls_port = free_ports(2)
        self.certificate = certificate
        self.socket = folder / "redis.sock"
        self.appendonly = appendonly
        self.password = password
        self.appendfsync = appendfsync
        self._child: Child | None = None

    @property
    def url(self) -> str:
        user = f":{self.password}@" if self.password else ""
        return f"redis://{user}127.0.0.1:{self.port}/0"

    def start(self) -> None:
        assert PROGRAM is not None
        command = [PROGRAM, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        command += ["--appendonly", "yes" if self.appendonly else "no", "--appendfsync", self.appendfsync]
        command += ["--save", "", *(["--requirepass", self.password] if self.password else [])]
        if self.certificate is not None:
            command += ["--unixsocket", str(self.socket)]
            command += ["--tls-port", str(self.tls_port), "--tls-auth-clients", "no"]
            for name in ("cert", "key", "ca-cert"):
                command += [f"--tls-{name}-file", str(self.certificate)]
        self._child = Child(
            command,
            env=clean_environment(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: listens(self.port) or None, "redis-server")

    def kill(self) -> None:
        """As kill -9 does."""
        assert self._child is not None
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGKILL)
        self._child.wait(30)

    def pause(self) -> None:
        """It stands still: connections are taken by the system, nothing answers."""
        assert self._child is not None
        self._child.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """After `pause`."""
        assert self._child is not None
        self._child.send_signal(signal.SIGCONT)

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

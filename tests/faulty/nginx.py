"""A real nginx in front of several proxies, with the configuration that operators are given."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from asking import free_port, listens, until
from balancers import NGINX
from child_processes import Child
from faulty.balancer import LISTEN, SERVERS
from running import ADDON, clean_environment

CONFIGURATION = ADDON.parent / "deploy" / "nginx.conf"

installed = shutil.which("nginx") is not None


class Nginx:
    """`with Nginx(folder, ports) as nginx`: nginx on a free port, from the file's own lines."""

    def __init__(
        self, folder: Path, ports: Iterable[int], without: Iterable[str] = (), *, shared: bool = False
    ) -> None:
        """`without` names lines that are taken out, to see what they are for.

        `shared`: with the lines for proxies that share a store.
        """
        self.port = free_port()
        text = CONFIGURATION.read_text().replace(LISTEN, f"127.0.0.1:{self.port}")
        for name, port in zip(SERVERS, ports, strict=True):
            text = text.replace(name, f"127.0.0.1:{port}")
        if shared:
            text = text.replace("    POST creates;", "    POST shared_creates;")
        for line in (*without, *(['"~^POST 50[24]$" false;'] if shared else ())):
            assert line in text
            text = text.replace(line, f"# {line}")
        self._text = text
        self._folder = folder
        self._log = folder / "nginx.log"

    @property
    def base_url(self) -> str:
        """What clients take as OPENAI_BASE_URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    def instead(self, line: str, other: str) -> Nginx:
        """Puts another line in a line's place."""
        assert line in self._text
        self._text = self._text.replace(line, other)
        return self

    def __enter__(self) -> Nginx:
        (self._folder / "nginx.conf").write_text(NGINX.format(text=self._text))
        with self._log.open("wb") as log:
            self._child = Child(
                ["nginx", "-p", str(self._folder), "-c", "nginx.conf", "-e", "stderr"],
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            until(self._listens, "nginx to listen")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            assert self._child.poll() is None, self._log.read_text()
        self._end()

    def _listens(self) -> bool | None:
        assert self._child.poll() is None, self._log.read_text()
        return listens(self.port) or None

    def _end(self) -> None:
        self._child.kill()
        self._child.wait()

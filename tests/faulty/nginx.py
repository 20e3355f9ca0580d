"""A real nginx in front of several proxies, with the configuration that operators are given."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from asking import free_port
from balancers import NGINX, Balancer
from faulty.balancer import LISTEN, SERVERS
from running import ADDON

CONFIGURATION = ADDON.parent / "deploy" / "nginx.conf"
_CERTIFICATE = "/etc/nginx/videos.pem"
_TLS = ("listen 443 ssl http2;", "ssl_certificate ", "ssl_certificate_key ", "ssl_protocols ")

installed = shutil.which("nginx") is not None


class Nginx(Balancer):
    """`with Nginx(folder, ports) as nginx`: nginx on a free port, from the file's own lines."""

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

        `shared`: with the lines for proxies that share a store. `certificate`: with the lines for TLS.
        """
        self._file = folder / "nginx.conf"
        command = ["nginx", "-p", str(folder), "-c", self._file.name, "-e", "stderr"]
        super().__init__(folder, command, free_port())
        self._scheme = "http" if certificate is None else "https"
        text = CONFIGURATION.read_text()
        if certificate is not None:
            text = text.replace(f"listen {LISTEN};", "")
            for line in _TLS:
                assert f"# {line}" in text
                text = text.replace(f"# {line}", line)
            text = text.replace("listen 443 ", f"listen {LISTEN} ").replace(_CERTIFICATE, str(certificate))
        text = text.replace(LISTEN, f"127.0.0.1:{self.port}")
        for name, port in zip(SERVERS, ports, strict=True):
            text = text.replace(name, f"127.0.0.1:{port}")
        if shared:
            text = text.replace("    POST creates;", "    POST shared_creates;")
        for line in (*without, *(['"~^POST 50[24] " false;'] if shared else ())):
            assert line in text
            text = text.replace(line, f"# {line}")
        self._text = text

    @property
    def base_url(self) -> str:
        """What clients take as OPENAI_BASE_URL."""
        return f"{self._scheme}://127.0.0.1:{self.port}/v1"

    def instead(self, line: str, other: str) -> Nginx:
        """Puts another line in a line's place."""
        assert line in self._text
        self._text = self._text.replace(line, other)
        return self

    def __enter__(self) -> Self:
        self._file.write_text(NGINX.format(text=self._text))
        return super().__enter__()

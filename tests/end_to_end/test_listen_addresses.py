"""Where the proxy listens, by mitm.conf and the command line."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket

import pytest

from asking import free_port, listens, web
from end_to_end.conftest import Folders, whole
from origins import Origin
from running import ROOT, Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

ONE_OPTION = "runway_sandbox: true\n"
ALL = "runway_sandbox: true\nlisten_host: 0.0.0.0\n"


@pytest.mark.parametrize(
    ("conf", "own_file", "arguments", "everywhere"),
    [
        (ONE_OPTION, "", (), False),
        (None, "", ("--set", "runway_sandbox=true"), False),
        (ONE_OPTION, "", ("--listen-host", "0.0.0.0"), True),
        (ONE_OPTION, "", ("--set", "listen_host=0.0.0.0"), True),
        (ONE_OPTION, "listen_host: 0.0.0.0\n", (), True),
        (ALL, "", (), True),
        (ALL, "", ("--listen-host", "127.0.0.1"), False),
    ],
)
def test_it_listens_for_this_machine_alone_unless_it_is_told_otherwise(
    folder: Folders, conf: str | None, own_file: str, arguments: tuple[str, ...], everywhere: bool
) -> None:
    made = folder()
    # No file at all, too: the addon's folder is one of its own, for the shipped file lies beside it.
    shutil.copytree(ROOT / "addon", made / "addon", ignore=shutil.ignore_patterns("__pycache__"))
    # mitmproxy's own file.
    (made / "confdir" / "config.yaml").write_text(own_file)
    port = free_port()
    listen = ("--listen-port", str(port))
    proxy = Proxy(made, *arguments, conf=conf, addon=made / "addon" / "runway.py", listen=listen)
    try:
        where = proxy.wait_for(r"serving /v1/videos on http://(.*):\d+$")[1]
        assert where == ("0.0.0.0" if everywhere else "127.0.0.1")
        assert listens(port)
        # An address of loopback as well, which only one that listens on all addresses has.
        assert listens(port, "127.0.0.2") is everywhere
        with web(f"http://127.0.0.1:{port}") as client:
            assert client.post("/v1/videos", json={"prompt": "quiet"}).status_code == 200
        proxy.wait_for("created: ")
        assert "/v1/videos HTTP" not in proxy.log
        assert "client connect" not in proxy.log
        whole(proxy)
    finally:
        proxy.kill()


def test_two_proxies_by_their_files_while_8080_is_taken(
    folder: Folders, sandbox_server: SandboxServer
) -> None:
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            # If it is not taken already: mitmproxy tries it before it reads any script.
            stack.enter_context(socket.create_server(("127.0.0.1", 8080)))
        ports, proxies = [], []
        for _ in range(2):
            port = free_port()
            conf = f"listen_host: 127.0.0.1\nlisten_port: {port}\nrunway_lean: true\n"
            proxies.append(Proxy(folder(), conf=conf, listen=(), **sandbox_server.options()))
            stack.callback(proxies[-1].kill)
            ports.append(port)
        for port, proxy in zip(ports, proxies, strict=True):
            assert proxy.ready().port == port
            # Of the address that it does not take nothing is said.
            assert not re.search(r"\b8080\b", proxy.log)
            with web(proxy.url) as client:
                assert client.post("/v1/videos", json={"prompt": "by its file"}).status_code == 200
            whole(proxy)


def test_the_premature_address_is_given_up(folder: Folders, sandbox_server: SandboxServer) -> None:
    # mitmproxy binds what the command line says before it reads scripts: nothing stays there.
    first, second = free_port(), free_port()
    conf = f"mode: regular@127.0.0.1:{second}\n"
    listen = ("--set", f"listen_port={first}", "--set", "listen_host=127.0.0.1")
    with Proxy(folder(), conf=conf, listen=(), **sandbox_server.options()) as proxy:
        assert proxy.port == second
        assert listens(second)
        whole(proxy)
    # A mode's own address is the file's; the command line's port wins over it.
    with Proxy(folder(), conf=conf, listen=listen, **sandbox_server.options()) as proxy:
        assert proxy.port == first
        assert listens(first)
        assert not listens(second)
        whole(proxy)


def test_proxy_serves_several_modes_at_once(
    folder: Folders, sandbox_server: SandboxServer, origin: Origin
) -> None:
    here, there = free_port(), free_port()
    conf = f"mode: ['regular@127.0.0.1:{here}', 'reverse:{origin.url}@127.0.0.1:{there}']\n"
    with Proxy(folder(), conf=conf, listen=(), runway_fallback="none", **sandbox_server.options()) as proxy:
        for port, status in ((here, 404), (there, 200)):
            with web(f"http://127.0.0.1:{port}") as client:
                assert client.get("/v1/files").status_code == status
                assert client.post("/v1/videos", json={"prompt": "by both"}).status_code == 200
        for port in (here, there):
            assert f"http://127.0.0.1:{port}" in proxy.log
        whole(proxy)

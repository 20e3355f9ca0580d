"""Proxies that several files share: each is one real mitmdump in front of a sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from asking import web
from authority import put_authority
from origins import Origin
from running import Process, Proxy
from sandbox_server import SandboxServer

Folders = Callable[[], Path]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Makes working directories; all have the same CA."""

    def make() -> Path:
        made = tmp_path_factory.mktemp("proxy")
        put_authority(made / "confdir")
        return made

    return make


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxServer]:
    """The sandbox of the shared proxies: tests find their own requests by the prompt."""
    with SandboxServer() as sandbox_server:
        yield sandbox_server


@pytest.fixture(scope="session")
def origin() -> Iterator[Origin]:
    """Where the shared proxies send other calls."""
    with Origin() as origin:
        yield origin


def whole(proxy: Process) -> None:
    """Nothing that a test did broke the proxy."""
    assert proxy.child.poll() is None, proxy.log
    assert "Traceback" not in proxy.log, proxy.log
    assert "a fault of this proxy" not in proxy.log, proxy.log


@pytest.fixture(scope="session")
def plain(folder: Folders, sandbox_server: SandboxServer, origin: Origin) -> Iterator[Proxy]:
    """The proxy that most tests use, as base URL and as their HTTP proxy."""
    hosts = ["api.openai.com", "127.0.0.1"]
    with Proxy(folder(), **sandbox_server.options(), runway_hosts=hosts, runway_fallback=origin.url) as proxy:
        yield proxy
        whole(proxy)


@pytest.fixture(scope="session")
def lean(folder: Folders, sandbox_server: SandboxServer) -> Iterator[Proxy]:
    """The same without the built-ins that a gateway does not use."""
    with Proxy(folder(), **sandbox_server.options(), runway_lean=True) as proxy:
        yield proxy
        whole(proxy)


@pytest.fixture(scope="session", params=["plain", "lean"])
def proxy(request: pytest.FixtureRequest) -> Proxy:
    """Each of the two."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Proxy)
    return found


@pytest.fixture(scope="session")
def direct(plain: Proxy) -> Iterator[httpx.Client]:
    """Speaks to the plain proxy as to a server."""
    with web(plain.url) as client:
        yield client

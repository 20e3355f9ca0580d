"""The proxies that all tests of who is served share: one for each setting of callers and forwarding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from asking import other_address
from end_to_end.access.modes import FarEnds, ManyModes
from end_to_end.conftest import Folders, whole
from sandbox_server import SandboxServer

Proxies = Callable[[bool, bool], ManyModes]


@pytest.fixture(scope="session")
def ends(sandbox_server: SandboxServer) -> Iterator[FarEnds]:
    with FarEnds(sandbox_server) as ends:
        yield ends


@pytest.fixture(scope="session")
def elsewhere() -> str | None:
    """An address of this machine that is not loopback: who comes from it is no local user."""
    try:
        return other_address()
    except pytest.skip.Exception:
        return None


@pytest.fixture(scope="session")
def proxies(folder: Folders, ends: FarEnds, elsewhere: str | None) -> Iterator[Proxies]:
    """The proxy with these callers (yes or no) and this runway_forward."""
    started: dict[tuple[bool, bool], ManyModes] = {}
    with ExitStack() as stack:

        def get(callers: bool, forward: bool) -> ManyModes:
            if (callers, forward) not in started:
                proxy = ManyModes(folder(), ends, callers, forward, elsewhere)
                started[callers, forward] = stack.enter_context(proxy)
            return started[callers, forward]

        yield get
        for proxy in started.values():
            whole(proxy)


@pytest.fixture
def local(proxies: Proxies) -> ManyModes:
    """Without callers: the local user's."""
    return proxies(False, False)


@pytest.fixture
def closed(proxies: Proxies) -> ManyModes:
    """With callers, and nothing but video calls."""
    return proxies(True, False)


@pytest.fixture
def opened(proxies: Proxies) -> ManyModes:
    """With callers, who may use it for other traffic."""
    return proxies(True, True)

"""The table of who is served, line by line, with real proxies and a real balancer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from balancers import haproxy, needs_haproxy
from end_to_end.access.attacks import BASIC, THROUGH, TO_IT
from end_to_end.access.conftest import Proxies
from end_to_end.access.modes import BEARER, MODES, FarEnds, ManyModes, tag
from end_to_end.access.who_table import HEAD, Case, cases, cells, every_case
from end_to_end.conftest import Folders
from wire import Address, ask

pytestmark = pytest.mark.slow

type Places = Callable[[ManyModes, str, str], Address]

CASES = list(cases())


def title(case: Case) -> str:
    said = [case.mode, "callers" if case.callers else "no callers"]
    said += ["forward"] if case.forward else []
    return ", ".join([*said, case.client, *(["token"] if case.token else [])])


def param(case: Case) -> object:
    marks = needs_haproxy if case.client == "through a balancer" else ()
    return pytest.param(case, id=title(case), marks=marks)


@pytest.fixture(scope="module")
def places(folder: Folders, elsewhere: str | None) -> Iterator[Places]:
    """Where a client of a kind connects to."""
    balancers: dict[int, int] = {}
    with ExitStack() as stack:

        def get(proxy: ManyModes, mode: str, client: str) -> Address:
            if client == "another machine":
                if elsewhere is None:
                    pytest.skip("this machine has no address but loopback")
                return proxy.at(mode, "other")
            address = proxy.at(mode)
            if client == "the local user":
                return address
            if address[1] not in balancers:
                front = stack.enter_context(haproxy(folder(), address[1], "option forwardfor"))
                balancers[address[1]] = front.port
            return ("127.0.0.1", balancers[address[1]])

        yield get


def test_it_says_something_about_everybody_once() -> None:
    assert tuple(cells()[0]) == HEAD
    said = [case[:5] for case in CASES]
    assert len(said) == len(set(said))
    assert set(said) == every_case()


@pytest.mark.parametrize("case", [param(case) for case in CASES if case.mode in MODES])
def test_line(proxies: Proxies, places: Places, ends: FarEnds, case: Case) -> None:
    address = places(proxies(case.callers, case.forward), case.mode, case.client)
    assert video(address, ends, case.token) == case.video
    if case.through is not None:
        for name, way in THROUGH.items():
            status, arrived = way(address, ends, (BASIC,) if case.token else ())
            assert ("passes" if arrived else str(status)) == case.through, name
    if case.to_it is not None:
        for name, way in TO_IT.items():
            mark = ends.mark()
            status, arrived = way(address, ends, (BEARER,) if case.token else ())
            assert (where(ends, mark) if arrived else str(status)) == case.to_it, name


def video(address: Address, ends: FarEnds, token: bool) -> str:
    """Whether a create and a poll are served; else their status."""
    made = ends.sandbox_server.made()
    known = (BEARER,) if token else ()
    kind, host = ("Content-Type", "application/json"), f"127.0.0.1:{address[1]}"
    answer = ask(address, "POST", "/v1/videos", host, (*known, kind), b'{"prompt": "who is served"}')
    if answer.status == 200:
        assert ends.sandbox_server.made() == made + 1
        assert ask(address, "GET", f"/v1/videos/{answer.json['id']}", host, known).status == 200
        return "served"
    assert ends.sandbox_server.made() == made
    assert ask(address, "GET", f"/v1/videos/video_rw_{tag()}", host, known).status == answer.status
    return str(answer.status)


def where(ends: FarEnds, mark: tuple[int, ...]) -> str:
    """Whose server got what arrived last."""
    (asked,) = ends.since(mark)
    host = asked.headers["host"]
    return {
        f"127.0.0.1:{ends.fallback.port}": "to `runway_fallback`",
        f"127.0.0.1:{ends.target.port}": "to the target",
    }[host]

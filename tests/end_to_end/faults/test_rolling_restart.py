"""Two rolling restarts behind a real HAProxy and nginx, with TLS: no create fails, none is paid twice."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

import asking
from asking import free_ports, until
from balancers import needs_haproxy, needs_nginx
from faulty import FaultyRunway, faults
from faulty.accounts import Operation
from faulty.balancer import Balancer
from faulty.clients import Got, create
from faulty.gateway import gateway, lines_with
from faulty.nginx import Nginx
from faulty.pair import CALLERS, ENVIRONMENT, TOKEN, AnyBalancer
from running import Proxy
from unit.certificates import certificate_file

pytestmark = [pytest.mark.slow, pytest.mark.long]

CREATES = 40


def wait_for_return(front: AnyBalancer, number: int) -> None:
    """Until the balancer has that server again. nginx asks it at once."""
    if isinstance(front, Balancer):
        until(lambda: front.has(number) or None, "its return")


def front_of(name: str, folder: Path, ports: list[int]) -> AnyBalancer:
    certificate = folder / "server.pem"
    if name == "haproxy":
        return Balancer(folder, ports, certificate=certificate)
    return Nginx(folder, ports, certificate=certificate)


@pytest.mark.parametrize(
    "name", [pytest.param("haproxy", marks=needs_haproxy), pytest.param("nginx", marks=needs_nginx)]
)
def test_two_rolling_restarts(folder: Callable[[], Path], name: str) -> None:
    with FaultyRunway() as runway:
        account = runway.account("any-a").plan(Operation.CREATE, *[faults.SLOW] * CREATES * 2)
        ports = free_ports(2)

        def start(port: int) -> Proxy:
            return gateway(
                folder(), runway, {"any": 1}, port=port, env=ENVIRONMENT, runway_callers=CALLERS
            ).ready()

        proxies = [start(port) for port in ports]
        ended: list[Proxy] = []
        waiting: list[Future[Got]] = []
        place = folder()
        trust = {"verify": ssl.create_default_context(cafile=certificate_file(place))}
        with front_of(name, place, ports) as front, ThreadPoolExecutor(CREATES) as pool:

            def one(number: int) -> Got:
                # The length decides which of the two gets it.
                with asking.client(front.base_url, TOKEN, http=trust) as user:
                    return create(user, model="runway/any", prompt=f"video {number} {'.' * number}")

            def begin(count: int) -> None:
                waiting.extend(
                    pool.submit(one, number) for number in range(len(waiting), len(waiting) + count)
                )

            for number in (0, 1, 0, 1):
                before = account.seen[Operation.CREATE]
                begin(4)
                runway.wait_seen(account, Operation.CREATE, before + 4)
                ended.append(proxies[number])
                proxies[number].child.terminate()
                begin(3)  # while it ends
                assert proxies[number].wait() == 0
                begin(3)  # while it is not there
                proxies[number] = start(ports[number])
                wait_for_return(front, number)
            results = [each.result() for each in waiting]
            with asking.client(front.base_url, TOKEN, http=trust) as user:
                opened = {user.videos.retrieve(got.video).id for got in results if got.video}
        assert [got for got in results if not got.video] == []
        assert len(opened) == CREATES
        assert len(account.tasks) == len({task.prompt for task in account.tasks}) == CREATES
        # What it is about has happened: creates were in flight in who was told to end.
        assert any(lines_with(proxy.log, "in flight ha") for proxy in ended)
        print(f"\n{sum(got.tries > 1 for got in results)} of {CREATES} on a later try")

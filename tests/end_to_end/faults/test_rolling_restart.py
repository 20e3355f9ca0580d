"""Two rolling restarts behind a real HAProxy: no create of a stock client fails, none is paid twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

import asking
from asking import free_ports, until
from faulty import FaultyRunway, balancer, faults
from faulty.accounts import Operation
from faulty.balancer import Balancer
from faulty.clients import Got, create
from faulty.gateway import gateway, lines_with
from faulty.pair import CALLERS, ENVIRONMENT, TOKEN
from running import Proxy

pytestmark = [pytest.mark.skipif(not balancer.installed, reason="haproxy is not installed"), pytest.mark.slow]

CREATES = 40


def returned(haproxy: Balancer, number: int) -> bool | None:
    """Whether the balancer has that server again."""
    return haproxy.has(number) or None


def test_two_rolling_restarts(folder: Callable[[], Path]) -> None:
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
        with Balancer(folder(), ports) as haproxy, ThreadPoolExecutor(CREATES) as pool:

            def one(number: int) -> Got:
                # The length decides which of the two gets it.
                with asking.client(haproxy.base_url, TOKEN) as user:
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
                until(partial(returned, haproxy, number), "its return")
            results = [each.result() for each in waiting]
            with asking.client(haproxy.base_url, TOKEN) as user:
                opened = {user.videos.retrieve(got.video).id for got in results if got.video}
        assert [got for got in results if not got.video] == []
        assert len(opened) == CREATES
        assert len(account.tasks) == len({task.prompt for task in account.tasks}) == CREATES
        # What it is about has happened: creates were in flight in who was told to end.
        assert any(lines_with(proxy.log, "creates in flight have") for proxy in ended)
        print(f"\n{sum(got.tries > 1 for got in results)} of {CREATES} on a later try")

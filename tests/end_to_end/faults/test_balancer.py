"""What each line of HAProxy's configuration is for: without it a create is paid twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import openai
import pytest

from asking import until
from faulty import Account, FaultyRunway, balancer, departures, faults, kills
from faulty.accounts import Operation
from faulty.balancer import Balancer
from faulty.clients import Client, Got, create
from faulty.gateway import gateway, lines_with, wait_alone
from running import Proxy

pytestmark = [pytest.mark.skipif(not balancer.installed, reason="haproxy is not installed"), pytest.mark.slow]

TOKEN = "the-token-of-app-1"
CALLERS = [json.dumps({"name": "app-1", "value": TOKEN})]
ENVIRONMENT = {"RUNWAY_ID_SECRET": "known to both"}
LEAVES = openai.Timeout(60, read=0.3)


class Pair(msgspec.Struct, frozen=True):
    """Two proxies and a Runway."""

    runway: FaultyRunway
    account: Account
    proxies: list[Proxy]
    folder: Path

    def balancer(self, *without: str) -> Balancer:
        """HAProxy in front of them; `without` some lines of its configuration."""
        return Balancer(self.folder, [proxy.port for proxy in self.proxies], without)

    def ask(self, haproxy: Balancer, retry: int, **options: object) -> Got:
        """One create of a client of its own."""
        with Client(haproxy.base_url, api_key=TOKEN, max_retries=0, **options) as user:
            return create(user, retry, model="runway/any", prompt="it")

    def created(self) -> bool:
        """Whether one of them says so."""
        return any(lines_with(proxy.log, "created:") for proxy in self.proxies)


@pytest.fixture
def pair(folder: Callable[[], Path]) -> Iterator[Pair]:
    """Both proxies live."""
    with FaultyRunway() as runway:
        proxies = [
            gateway(folder(), runway, {"any": 1}, env=ENVIRONMENT, runway_callers=CALLERS).ready()
            for _ in range(2)
        ]
        yield Pair(runway, runway.account("any-a"), proxies, folder())
        for proxy in proxies:
            proxy.kill()


def kill_during_a_create(pair: Pair, haproxy: Balancer) -> Sequence[str]:
    """What a stock client gets whose create was in flight; its connection had been used before."""
    pair.account.plan(Operation.CREATE, faults.GOOD, *[faults.HELD] * 3)
    with Client(haproxy.base_url, api_key=TOKEN) as user, ThreadPoolExecutor() as pool:
        first = create(user, model="runway/any", prompt="video 1")
        user.videos.retrieve(first.video)
        # Of the same length, so it goes to the same process.
        waiting = pool.submit(create, user, model="runway/any", prompt="video 2")
        pair.runway.wait_seen(pair.account, Operation.CREATE, 2)
        (busy,) = (proxy for proxy in pair.proxies if lines_with(proxy.log, "created:"))
        busy.kill()
        pair.account.release()
        got = waiting.result()
    return [*(task.prompt for task in pair.account.tasks), got.words]


def test_a_create_whose_proxy_died_is_not_sent_to_the_other(pair: Pair) -> None:
    with pair.balancer() as haproxy:
        found = kill_during_a_create(pair, haproxy)
    assert found == ["video 1", "video 2", "`502`, not sent again"]
    # Of the second there is a task and no video, as the table says.
    assert (kills.BALANCED.tasks, kills.BALANCED.videos) == (1, 0)


@pytest.mark.parametrize("line", ["option httpclose", "http-after-response set-header x-should-retry false"])
def test_without_the_line_it_is(pair: Pair, line: str) -> None:
    with pair.balancer(line) as haproxy:
        found = kill_during_a_create(pair, haproxy)
    assert found == ["video 1", "video 2", "video 2", "the video, on try 2"]


def leave_and_come_back(pair: Pair, haproxy: Balancer) -> int:
    """A client that hangs up comes back while its create runs and again after it: how many tasks."""
    pair.account.plan(Operation.CREATE, faults.HELD, faults.HELD)
    for retry in (0, 1):
        assert pair.ask(haproxy, retry, timeout=LEAVES).code == "APITimeoutError"
    for proxy in pair.proxies:
        wait_alone(proxy)
    pair.account.release()
    until(lambda: pair.created() or None, "the video")
    assert pair.ask(haproxy, 2).video
    return len(pair.account.tasks)


def test_a_client_that_comes_back_finds_its_create(pair: Pair) -> None:
    with pair.balancer() as haproxy:
        assert leave_and_come_back(pair, haproxy) == departures.JOINED.tasks


def test_in_turn_it_does_not(pair: Pair) -> None:
    """The first two go to one process each; the third finds one of them."""
    with pair.balancer("use_backend creates if METH_POST") as haproxy:
        pair.account.plan(Operation.CREATE, faults.HELD, faults.HELD)
        for retry in (0, 1):
            assert pair.ask(haproxy, retry, timeout=LEAVES).code == "APITimeoutError"
        pair.runway.wait_seen(pair.account, Operation.CREATE, 2)
    assert len(pair.account.tasks) == 2


def test_without_abortonclose_nobody_sees_that_it_left(pair: Pair) -> None:
    with pair.balancer("option abortonclose") as haproxy:
        pair.account.plan(Operation.CREATE, faults.HELD)
        assert pair.ask(haproxy, 0, timeout=LEAVES).code == "APITimeoutError"
        pair.account.release()
        until(lambda: pair.created() or None, "the video")
        assert pair.ask(haproxy, 1).video
    assert len(pair.account.tasks) == 2

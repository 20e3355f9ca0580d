"""Two proxies with one configuration, in front of the misbehaving Runway and behind a real balancer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import openai

from asking import until
from faulty import FaultyRunway, faults
from faulty.accounts import Account, Operation
from faulty.balancer import Balancer
from faulty.clients import Client, Got, create
from faulty.gateway import gateway, lines_with, wait_alone
from faulty.nginx import Nginx
from running import Proxy

TOKEN = "the-token-of-app-1"
CALLERS = [json.dumps({"name": "app-1", "value": TOKEN})]
ENVIRONMENT = {"RUNWAY_ID_SECRET": "known to both"}
LEAVES = openai.Timeout(60, read=0.3)

type AnyBalancer = Balancer | Nginx


class Pair(msgspec.Struct, frozen=True):
    """Two proxies and a Runway."""

    runway: FaultyRunway
    account: Account
    proxies: list[Proxy]
    folder: Path

    def balancer(self, *without: str, certificate: Path | None = None) -> Balancer:
        """HAProxy in front of them; `without` some lines of its configuration."""
        ports = [proxy.port for proxy in self.proxies]
        return Balancer(self.folder, ports, without, certificate=certificate)

    def nginx(self, *without: str, certificate: Path | None = None) -> Nginx:
        """The same with nginx."""
        return Nginx(self.folder, [proxy.port for proxy in self.proxies], without, certificate=certificate)

    def ask(self, balancer: AnyBalancer, retry: int, key: str | None = None, **options: Any) -> Got:
        """One create of a client of its own."""
        with Client(balancer.base_url, api_key=TOKEN, max_retries=0, **options) as user:
            return create(user, retry, key, model="runway/any", prompt="it")

    def created(self) -> bool:
        """Whether one of them says so."""
        return any(lines_with(proxy.log, "created:") for proxy in self.proxies)

    def kill_during_a_create(self, balancer: AnyBalancer, http: Mapping[str, Any] = {}) -> Sequence[str]:
        """What a stock client gets whose create was in flight; its connection had been used before.

        `http`: options of its httpx client.
        """
        self.account.plan(Operation.CREATE, faults.GOOD, *[faults.HELD] * 3)
        with Client(balancer.base_url, api_key=TOKEN, http=http) as user, ThreadPoolExecutor() as pool:
            first = create(user, model="runway/any", prompt="video 1")
            user.videos.retrieve(first.video)
            # Of the same length, so it goes to the same process.
            waiting = pool.submit(create, user, model="runway/any", prompt="video 2")
            self.runway.wait_seen(self.account, Operation.CREATE, 2)
            until(lambda: self.created() or None, "the line of the first create")
            (busy,) = (proxy for proxy in self.proxies if lines_with(proxy.log, "created:"))
            busy.kill()
            self.account.release()
            got = waiting.result()
        return [*(task.prompt for task in self.account.tasks), got.words]

    def leave_and_come_back(
        self, balancer: AnyBalancer, key: str | None = None, http: Mapping[str, Any] = {}
    ) -> int:
        """A client that hangs up comes back while its create runs and again after it: how many tasks.

        `http`: options of its httpx client.
        """
        self.account.plan(Operation.CREATE, faults.HELD, faults.HELD)
        for retry in (0, 1):
            assert self.ask(balancer, retry, key, timeout=LEAVES, http=http).code == "APITimeoutError"
        for proxy in self.proxies:
            wait_alone(proxy)
        self.account.release()
        until(lambda: self.created() or None, "the video")
        assert self.ask(balancer, 2, key, http=http).video
        return len(self.account.tasks)


@contextmanager
def two_proxies(folder: Callable[[], Path], **options: Any) -> Iterator[Pair]:
    """Both proxies live, with these options beside their own."""
    chosen: dict[str, Any] = {"runway_callers": CALLERS, "runway_poll_seconds": 0} | options
    with FaultyRunway() as runway:
        proxies = [gateway(folder(), runway, {"any": 1}, env=ENVIRONMENT, **chosen) for _ in range(2)]
        try:
            for proxy in proxies:
                proxy.ready()
            yield Pair(runway, runway.account("any-a"), proxies, folder())
        finally:
            for proxy in proxies:
                proxy.kill()

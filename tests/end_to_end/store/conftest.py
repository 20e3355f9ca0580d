"""Two proxies with one store and one account at Runway."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from faulty import FaultyRunway, faults
from faulty.accounts import Operation
from faulty.balancer import Balancer
from faulty.clients import Client, Got, create
from faulty.gateway import gateway
from faulty.nginx import Nginx
from faulty.pair import TOKEN, AnyBalancer
from redis_server import RedisServer, needs_redis
from running import Proxy

MODEL = "runway/any"
ENVIRONMENT = {"RUNWAY_ID_SECRET": "known to both of them"}


class Pair:
    """`redis` is None where the store is a file."""

    def __init__(self, kind: str, folder: Callable[[], Path], stack: ExitStack) -> None:
        self.runway = stack.enter_context(FaultyRunway())
        self.account = self.runway.account("any-a")
        self._folder = folder
        place = folder()
        self.redis = stack.enter_context(RedisServer(place, password="p4ss")) if kind == "redis" else None
        self.env = ENVIRONMENT | {"STORE": self.redis.url if self.redis else f"sqlite:{place / 'store.db'}"}
        self.options: dict[str, Any] = {}
        self.proxies: list[Proxy] = []
        stack.callback(self.end)

    def begin(self, env: Mapping[str, str] = {}, **options: Any) -> Pair:
        """Starts both, with more options and environment variables."""
        self.env |= env
        self.options = options
        self.proxies = [self.start(), self.start()]
        return self

    def start(self) -> Proxy:
        options: dict[str, Any] = {"runway_store": "env.STORE", **self.options}
        return gateway(self._folder(), self.runway, {"any": 1}, env=self.env, **options).ready()

    def end(self) -> None:
        for proxy in self.proxies:
            proxy.kill()

    def client(self, number: int, **options: Any) -> Client:
        """The stock client of proxy `number`."""
        return Client(self.proxies[number].base_url, api_key=TOKEN, **options)

    def front(self) -> AnyBalancer:
        """HAProxy or nginx before both, with their lines for proxies that share a store."""
        return Nginx(*self._place(), shared=True) if self.redis else self.haproxy()

    def haproxy(self) -> Balancer:
        """HAProxy before both."""
        return Balancer(*self._place(), shared=True)

    def _place(self) -> tuple[Path, list[int]]:
        return self._folder(), [proxy.port for proxy in self.proxies]

    def ask(
        self, number: int, prompt: str, retry: int | None = None, *, seconds: float = 60, **more: Any
    ) -> Got:
        """One create of proxy `number`, without retries; its client hangs up after so many seconds."""
        with self.client(number, max_retries=0, timeout=seconds) as user:
            return create(user, retry, model=MODEL, prompt=prompt, **more)

    def begun(self, pool: ThreadPoolExecutor, prompt: str, **more: Any) -> Future[Got]:
        """A create of the first proxy, which Runway holds."""
        return self.held(lambda: pool.submit(self.ask, 0, prompt, **more))

    def held(self, begin: Callable[[], Future[Got]]) -> Future[Got]:
        """A create that `begin` begins, and that Runway holds."""
        seen = self.account.seen[Operation.CREATE]
        self.account.plan(Operation.CREATE, faults.HELD)
        waiting = begin()
        self.runway.wait_seen(self.account, Operation.CREATE, seen + 1)
        return waiting


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=needs_redis)])
def stores(request: pytest.FixtureRequest, folder: Callable[[], Path]) -> Iterator[Pair]:
    """Not started yet."""
    with ExitStack() as stack:
        yield Pair(request.param, folder, stack)


@pytest.fixture
def pair(stores: Pair) -> Pair:
    return stores.begin()

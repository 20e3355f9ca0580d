"""SIGTERM: creates in flight finish first, each of them may be a paid video."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from asking import until
from faulty import Account, FaultyRunway, faults
from faulty.accounts import Operation
from faulty.clients import Client, Got, create
from faulty.gateway import gateway, lines_with
from running import Proxy

pytestmark = pytest.mark.slow

Start = Callable[..., Proxy]


@pytest.fixture
def runway() -> Iterator[FaultyRunway]:
    """It holds every create."""
    with FaultyRunway() as runway:
        runway.account("any-a").plan(Operation.CREATE, *[faults.HELD] * 9)
        yield runway


@pytest.fixture
def account(runway: FaultyRunway) -> Account:
    """The only one."""
    return runway.account("any-a")


@pytest.fixture
def start(folder: Callable[[], Path], runway: FaultyRunway) -> Iterator[Start]:
    """Starts proxies with one configuration; none of them outlives the test."""
    started: list[Proxy] = []

    def begin(*arguments: str) -> Proxy:
        started.append(gateway(folder(), runway, {"any": 1}, *arguments).ready())
        return started[-1]

    yield begin
    for proxy in started:
        proxy.kill()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """For clients that wait."""
    with ThreadPoolExecutor() as pool:
        yield pool


def ask(proxy: Proxy, prompt: str, retry: int | None = None) -> Got:
    """One create of a client that does not try again."""
    with Client(proxy.base_url, max_retries=0) as user:
        return create(user, retry, model="runway/any", prompt=prompt)


def in_flight(proxy: Proxy, runway: FaultyRunway, pool: ThreadPoolExecutor, prompt: str) -> Future[Got]:
    """A create that Runway holds."""
    account = runway.account("any-a")
    before = account.seen[Operation.CREATE]
    waiting = pool.submit(ask, proxy, prompt)
    runway.wait_seen(account, Operation.CREATE, before + 1)
    return waiting


def terminate(proxy: Proxy) -> None:
    """Asks it to end, and waits until it has begun to."""
    proxy.child.terminate()
    proxy.wait_for("ending: 1 creates in flight")


def test_a_create_in_flight_is_answered(
    start: Start, runway: FaultyRunway, account: Account, pool: ThreadPoolExecutor
) -> None:
    proxy = start()
    waiting = in_flight(proxy, runway, pool, "first")
    terminate(proxy)
    late = ask(proxy, "late")
    account.release()
    got = waiting.result()
    assert got.video
    assert proxy.wait() == 0
    assert (late.status, late.code) == (503, "shutting_down")
    assert [task.prompt for task in account.tasks] == ["first"]
    assert lines_with(proxy.log, "created:", f"task {account.tasks[0].id}")
    with Client(start().base_url) as user:
        assert user.videos.retrieve(got.video).status == "in_progress"


def test_a_repeat_may_still_join_it(
    start: Start, runway: FaultyRunway, account: Account, pool: ThreadPoolExecutor
) -> None:
    proxy = start()
    waiting = in_flight(proxy, runway, pool, "first")
    terminate(proxy)
    connects = len(lines_with(proxy.log, "client connect"))
    again = pool.submit(ask, proxy, "first", 1)
    until(lambda: len(lines_with(proxy.log, "client connect")) > connects or None, "the repeat")
    account.release()
    # It comes while the create runs or as it is answered: never is there a second one.
    videos = {waiting.result().video, again.result().video} - {""}
    assert len(videos) == len(account.tasks) == 1
    assert proxy.wait() == 0


def test_it_waits_no_longer_than_it_says(
    start: Start, runway: FaultyRunway, tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    """Its 20 seconds made short; the operator is told that something may be lost."""
    script = tmp_path / "hurry.py"
    script.write_text("from runway_addon import shutdown\nshutdown.DRAIN_SECONDS = 0.3\n")
    proxy = start("-s", str(script))
    waiting = in_flight(proxy, runway, pool, "never")
    terminate(proxy)
    assert proxy.wait() == 0
    assert waiting.result().code == "APIConnectionError"
    assert lines_with(proxy.log, "1 creates did not finish", "tasks that nobody knows of may exist")


def test_without_creates_it_ends_at_once(start: Start) -> None:
    proxy = start()
    proxy.child.terminate()
    assert proxy.wait() == 0
    assert lines_with(proxy.log, "in flight") == []

"""SIGTERM: creates in flight finish first, each of them may be a paid video."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import openai
import pytest

from asking import listens, until
from faulty import Account, FaultyRunway, endings, faults
from faulty.accounts import Operation
from faulty.clients import Client, Got, create
from faulty.gateway import gateway, lines_with, wait_alone
from faulty.table import Row
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


def row(what: Row, account: Account, prompt: str, got: Got) -> Row:
    """What came of one create."""
    return Row(what.what, 1, len(account.made(prompt)), int(bool(got.video)), got.words)


def terminate(proxy: Proxy) -> None:
    """Asks it to end, and waits until it has begun to."""
    proxy.child.terminate()
    proxy.wait_for("ending: 1 create in flight has")


def test_a_create_in_flight_is_answered(
    start: Start, runway: FaultyRunway, account: Account, pool: ThreadPoolExecutor
) -> None:
    proxy = start()
    waiting = in_flight(proxy, runway, pool, "first")
    terminate(proxy)
    until(lambda: None if listens(proxy.port) else True, "closed sockets")
    assert ask(proxy, "late").code == "APIConnectionError"  # a balancer goes elsewhere
    account.release()
    got = waiting.result()
    assert row(endings.WAITS, account, "first", got) == endings.WAITS
    assert proxy.wait() == 0
    assert [task.prompt for task in account.tasks] == ["first"]
    assert lines_with(proxy.log, "created:", f"task {account.tasks[0].id}")
    with Client(start().base_url) as user:
        assert user.videos.retrieve(got.video).status == "in_progress"


def leave(proxy: Proxy, runway: FaultyRunway, prompt: str) -> None:
    """A create that Runway holds, whose client hangs up."""
    account = runway.account("any-a")
    with Client(proxy.base_url, max_retries=0, timeout=openai.Timeout(60, read=0.3)) as user:
        assert create(user, model="runway/any", prompt=prompt).code == "APITimeoutError"
    runway.wait_seen(account, Operation.CREATE)
    wait_alone(proxy)


def test_a_client_that_left_comes_back_while_its_create_runs(
    start: Start, runway: FaultyRunway, account: Account, pool: ThreadPoolExecutor
) -> None:
    """For it the sockets are open, and for its create alone."""
    proxy = start()
    leave(proxy, runway, "first")
    terminate(proxy)
    until(lambda: listens(proxy.port) or None, "open sockets")
    late = ask(proxy, "late")
    assert (late.status, late.code) == (503, "shutting_down")
    again = pool.submit(ask, proxy, "first", 1)
    until(lambda: None if listens(proxy.port) else True, "closed sockets")  # it has come
    account.release()
    assert row(endings.COMES_BACK, account, "first", again.result()) == endings.COMES_BACK
    assert proxy.wait() == 0
    assert len(account.tasks) == 1


def test_the_process_stays_for_a_client_that_left_without_its_outcome(
    start: Start, runway: FaultyRunway, account: Account
) -> None:
    proxy = start()
    leave(proxy, runway, "first")
    account.release()
    proxy.wait_for("created:")
    proxy.child.terminate()
    proxy.wait_for("ending: 1 client left without an outcome")
    until(lambda: listens(proxy.port) or None, "open sockets")
    assert row(endings.LINGERS, account, "first", ask(proxy, "first", 1)) == endings.LINGERS
    assert proxy.wait() == 0


def test_who_waits_too_long_is_told_that_the_outcome_is_unknown(
    start: Start, runway: FaultyRunway, account: Account, tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    """The 20 seconds made short. The stock client, with its retries on, does not send again."""
    script = tmp_path / "hurry.py"
    script.write_text("from runway_addon import shutdown\nshutdown.DRAIN_SECONDS = 0.3\n")
    proxy = start("-s", str(script))

    def stock() -> Got:
        with Client(proxy.base_url) as user:
            return create(user, model="runway/any", prompt="never")

    waiting = pool.submit(stock)
    runway.wait_seen(account, Operation.CREATE)
    terminate(proxy)
    assert proxy.wait() == 0
    got = waiting.result()
    assert got.tries == 1
    assert row(endings.TOO_LONG, account, "never", got) == endings.TOO_LONG
    assert lines_with(proxy.log, "1 create did not finish", "tasks that nobody knows of may exist")
    (named,) = lines_with(proxy.log, "OUTCOME UNKNOWN", "runway/any", "2 s, 1280x720")
    assert "the proxy ended before Runway answered" in named


def test_a_signal_that_comes_twice_at_once_is_one(
    start: Start, runway: FaultyRunway, account: Account, pool: ThreadPoolExecutor
) -> None:
    """As `timeout` sends it, to its child and to the child's group."""
    proxy = start()
    waiting = in_flight(proxy, runway, pool, "first")
    terminate(proxy)
    proxy.child.terminate()
    until(lambda: None if listens(proxy.port) else True, "closed sockets")
    account.release()
    assert waiting.result().video
    assert proxy.wait() == 0


def test_told_to_end_again_it_answers_who_waits(
    start: Start, runway: FaultyRunway, account: Account, tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    """Without an answer the stock client would send again, to the process that is started next."""
    script = tmp_path / "each.py"
    script.write_text("from runway_addon import shutdown\nshutdown._SAME_SIGNAL_SECONDS = 0.0\n")
    proxy = start("-s", str(script))
    waiting = in_flight(proxy, runway, pool, "never")
    terminate(proxy)
    proxy.child.terminate()
    assert proxy.wait() == 0
    assert row(endings.TOO_LONG, account, "never", waiting.result()) == endings.TOO_LONG
    assert lines_with(proxy.log, "OUTCOME UNKNOWN", "runway/any")


def test_sighup_ends_nothing(
    start: Start, runway: FaultyRunway, account: Account, pool: ThreadPoolExecutor
) -> None:
    proxy = start()
    waiting = in_flight(proxy, runway, pool, "first")
    proxy.child.send_signal(signal.SIGHUP)
    proxy.wait_for("SIGHUP: configuration: as it was")
    account.release()
    assert waiting.result().video
    assert proxy.child.poll() is None


def test_without_creates_it_ends_at_once(start: Start) -> None:
    proxy = start()
    proxy.child.terminate()
    assert proxy.wait() == 0
    assert (
        len(lines_with(proxy.log, "ending: "))
        == len(lines_with(proxy.log, "ending: no create is in flight"))
        == 1
    )

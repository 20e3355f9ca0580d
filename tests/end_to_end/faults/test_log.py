"""The log without a terminal: out when it is said, and its reader may stand still or go."""

from __future__ import annotations

import fcntl
import os
import re
import select
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from asking import free_port, listens, until, web
from faulty import Account, FaultyRunway, faults
from faulty.accounts import Operation
from faulty.clients import Client, create
from faulty.gateway import gateway, lines_with
from running import Proxy

pytestmark = pytest.mark.slow

MODEL = "runway/any"
DATE = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] "

Start = Callable[..., Proxy]


class Ends:
    """Where a process writes its log: it gets `log`; `text` is what a reader has of it afterwards."""

    def __init__(self, kind: str, folder: Path) -> None:
        if kind == "socket":
            here, there = socket.socketpair()
            self.reader, self.log = here.detach(), there.detach()
        elif kind == "terminal":
            self.reader, self.log = os.openpty()
        elif kind == "file":
            self.log = os.open(folder / "log", os.O_CREAT | os.O_WRONLY)
            self.reader = os.open(folder / "log", os.O_RDONLY)
        else:
            self.reader, self.log = os.pipe()
        self._open = {self.reader, self.log}

    def close(self, *ends: int) -> None:
        """Closes this one, or what is still open."""
        for fd in ends or tuple(self._open):
            os.close(fd)
            self._open.discard(fd)

    def text(self) -> str:
        """All until the end; nobody else may hold the log open any more."""
        self.close(self.log)
        with open(self.reader, encoding="utf-8", closefd=False) as file:
            return file.read()


@pytest.fixture
def ends(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ends]:
    """Of the kind that the test is for, a pipe if it does not say."""
    made = Ends(getattr(request, "param", "pipe"), tmp_path)
    yield made
    made.close()


@pytest.fixture
def runway() -> Iterator[FaultyRunway]:
    """One for each test."""
    with FaultyRunway() as runway:
        yield runway


@pytest.fixture
def account(runway: FaultyRunway) -> Account:
    """The only one."""
    return runway.account("any-a")


@pytest.fixture
def start(folder: Callable[[], Path], runway: FaultyRunway) -> Iterator[Start]:
    """Starts proxies whose log nobody reads but the test; none outlives it."""
    started: list[Proxy] = []

    def begin(log: int, **options: Any) -> Proxy:
        port = free_port()
        proxy = gateway(folder(), runway, {"any": 1}, port=port, output=log, **options)
        started.append(proxy)
        proxy.port = port
        until(lambda: listens(port) or None, "the proxy")
        return proxy

    yield begin
    for proxy in started:
        proxy.kill()


def ask(proxy: Proxy, prompt: str = "it") -> str:
    """One create; the video's id, or nothing."""
    with Client(proxy.base_url, max_retries=0) as user:
        return create(user, model=MODEL, prompt=prompt).video


def ask_and_poll(proxy: Proxy, count: int) -> None:
    """So many creates, each answered and then asked for."""
    with Client(proxy.base_url, max_retries=0) as user:
        for number in range(count):
            video = create(user, model=MODEL, prompt=f"number {number}").video
            assert user.videos.retrieve(video).status == "in_progress"


each_kind = pytest.mark.parametrize("ends", ["file", "pipe", "socket"], indirect=True)


@each_kind
def test_killed_right_after_the_answer(start: Start, ends: Ends, account: Account) -> None:
    proxy = start(ends.log)
    assert ask(proxy)
    proxy.kill()
    log = ends.text()
    (creating,) = lines_with(log, "creating: ", "any")
    (created,) = lines_with(log, "created: ", f"task {account.tasks[0].id}")
    assert re.match(f"{DATE}creating: ", creating)
    assert re.match(f"{DATE}created: ", created)


@each_kind
def test_killed_during_a_create(start: Start, ends: Ends, runway: FaultyRunway, account: Account) -> None:
    proxy = start(ends.log)
    account.plan(Operation.CREATE, faults.HELD)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(ask, proxy)
        runway.wait_seen(account, Operation.CREATE)
        proxy.kill()
        assert waiting.result() == ""
    assert len(account.tasks) == len(lines_with(ends.text(), "creating: ", "any")) == 1


@pytest.mark.skipif(not hasattr(fcntl, "F_SETPIPE_SZ"), reason="pipes cannot be made small here")
@pytest.mark.parametrize("reads", [True, False])
def test_a_reader_that_stands_still(reads: bool, start: Start, ends: Ends, account: Account) -> None:
    fcntl.fcntl(ends.log, fcntl.F_SETPIPE_SZ, 4096)
    proxy = start(ends.log)
    ask_and_poll(proxy, 20)
    assert select.select([], [ends.log], [], 0)[1] == [], "the pipe is not full"
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(ends.text) if reads else None
        proxy.child.terminate()
        assert proxy.wait() == 0
        log = reading.result() if reading else ends.text()
    told = [re.search(r"task (\S+),", line) for line in lines_with(log, "created: ")]
    names = [found[1] for found in told if found]
    made = [task.id for task in account.tasks]
    assert len(made) == 20
    assert len(lines_with(log, "creating: ")) - len(names) in (0, 1)
    # Without a reader what fitted in is there.
    assert names == (made if reads else made[: len(names)])


@pytest.mark.parametrize("ends", ["pipe", "socket", "terminal"], indirect=True)
def test_a_reader_that_is_gone(start: Start, ends: Ends, account: Account) -> None:
    proxy = start(ends.log)
    assert ask(proxy)
    ends.close(ends.reader)
    ask_and_poll(proxy, 5)
    assert len(account.tasks) == 6
    proxy.child.terminate()
    assert proxy.wait() == 0


def test_a_reader_that_was_never_there(start: Start, ends: Ends) -> None:
    ends.close(ends.reader)
    proxy = start(ends.log)
    ask_and_poll(proxy, 2)
    proxy.child.terminate()
    assert proxy.wait() == 0


@pytest.mark.skipif(not hasattr(fcntl, "F_SETPIPE_SZ"), reason="pipes cannot be made small here")
def test_what_is_dropped_is_counted(start: Start, ends: Ends, account: Account) -> None:
    """A reader that stands still until the limit is passed, and then reads again."""
    fcntl.fcntl(ends.log, fcntl.F_SETPIPE_SZ, 4096)
    proxy = start(ends.log, flow_detail=4)  # bodies are shown
    ask_and_poll(proxy, 3)
    with web(proxy.url) as user:
        for _ in range(30):
            refused = user.post("/v1/videos", json={"model": "sora-2", "prompt": "x" * 100_000})
            assert refused.status_code == 400
    assert ask(proxy)
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(ends.text)
        proxy.child.terminate()
        assert proxy.wait() == 0
        log = reading.result()
    (dropped,) = lines_with(log, "log lines were dropped: nothing read the log")
    found = re.search(r"(\d+) log lines", dropped)
    assert found is not None
    assert int(found[1]) >= 10
    assert len(lines_with(log, "created: ")) == len(account.tasks) == 4

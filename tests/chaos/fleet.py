"""The real mitmdumps of one history, alone or behind HAProxy, and what is done to them."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from asking import free_port
from chaos.client import token
from chaos.fates import Blow
from chaos.kinds import STORE_BLOWS
from chaos.plan import CALLERS, Plan
from chaos.records import Life, Trace, Upset
from chaos.replica_conf import AUDIT, conf_of, env_of
from chaos.source import LEASE_SECONDS, copy_source
from chaos.stores import Store
from chaos.wire import LostError, ask
from faulty.balancer import Balancer
from running import Proxy

#: How long a stopped process stands still.
HALT_SECONDS = 0.3
_LONG_HALT_SECONDS = LEASE_SECONDS + 1
_OUT_SECONDS = 0.8
#: After a second SIGTERM the process need not wait for creates.
_END_SECONDS = 40.0
_START_SECONDS = 60.0


class Fleet:
    """`start`, then blows, then `stop`, which gives the processes' lives."""

    def __init__(
        self,
        folder: Path,
        ca: Path,
        plan: Plan,
        urls: Sequence[str],
        trace: Trace,
        store: Store,
        without: str = "",
        webhooks: Sequence[Mapping[str, object]] = (),
    ) -> None:
        """`urls`: the base URL of Runway for each process; `ca`: a confdir with mitmproxy's CA; `without`: a
        guard that is taken out of the addon; `webhooks`: as in `mitm.conf`."""
        self.lives: list[Life] = []
        self.upsets: list[Upset] = []
        self.port = 0
        #: Set while somebody serves.
        self.up = asyncio.Event()
        self._plan = plan
        self._urls = urls
        self._webhooks = webhooks
        self._trace = trace
        self._ports = [free_port() for _ in urls]
        self._folders = [folder / f"process-{number}" for number in range(len(urls))]
        self._addon = copy_source(folder / "addon", plan.scripts, without)
        self._store = store
        self._balancer: Balancer | None = None
        self._other_conf = False
        self._proxies: dict[int, Proxy] = {}
        self._begun: dict[int, float] = {}
        self._busy: set[int] = set()
        self._jobs: set[asyncio.Task[None]] = set()
        self._stack = ExitStack()
        for each in self._folders:
            each.mkdir()
            shutil.copytree(ca, each / "confdir")
        self._folder = folder

    @property
    def shared(self) -> bool:
        """Whether the processes share a store."""
        return self._store.option(0) != "memory"

    @property
    def ports(self) -> list[int]:
        """Of each process."""
        return self._ports if self.shared else [self.port]

    @property
    def audits(self) -> list[str]:
        """What each process has written into its account."""
        files = [folder / AUDIT for folder in self._folders]
        return [file.read_text(errors="replace") if file.exists() else "" for file in files]

    async def start(self) -> None:
        """Until all serve; `port` is where the clients go."""
        await self._store.start()
        await asyncio.gather(*(self._begin(number) for number in range(len(self._urls))))
        self.port = self._ports[0]
        if len(self._urls) > 1:
            balancer = Balancer(self._folder, self._ports, shared=self.shared)
            self._balancer = self._stack.enter_context(balancer)
            self.port = balancer.port
            await _answers(self.port)

    async def stop(self) -> None:
        """Ends all of them; `lives` is complete then."""
        await self.settle()
        await asyncio.gather(*(self._finish(number) for number in list(self._proxies)))
        await asyncio.to_thread(self._stack.close)

    async def abandon(self) -> None:
        """Ends at once whatever still runs."""
        for job in self._jobs:
            job.cancel()
        for proxy in self._proxies.values():
            proxy.kill()
        self._stack.close()
        await self._store.stop()

    async def settle(self) -> None:
        """Until nothing is being done to any of them and all serve."""
        while self._jobs:
            await asyncio.wait(self._jobs)
        for number, proxy in list(self._proxies.items()):
            if proxy.child.poll() is not None:
                await self._restart(number, "by itself")

    async def strike(self, blow: Blow, number: int) -> None:
        """Does something to a process, unless something is being done to it already."""
        if blow in STORE_BLOWS:
            if self.shared:
                self.upsets.append(Upset(time.monotonic(), number, blow.value))
                self._say(f"process {number}: {blow.value}")
                self._job(self._store.strike(blow, number))
            return
        if number in self._busy or number not in self._proxies:
            return
        self._busy.add(number)
        self.upsets.append(Upset(time.monotonic(), number, blow.value))
        self._say(f"process {number}: {blow.value}")
        child = self._proxies[number].child
        match blow:
            case Blow.HALT | Blow.HALT_LONG:
                os.kill(child.pid, signal.SIGSTOP)
                self._job(self._go_on(number, HALT_SECONDS if blow is Blow.HALT else _LONG_HALT_SECONDS))
            case Blow.KILL_BEFORE | Blow.KILL_AFTER:
                child.kill()
                self._job(self._restart(number, "killed"))
            case Blow.TERM:
                child.terminate()
                self._job(self._restart(number, "stopped"))
            case Blow.HUP:
                child.send_signal(signal.SIGHUP)
                self._job(self._look_after(number))
            case Blow.OUT:
                self._job(self._take_out(number))
            case Blow.CONF:
                self._other_conf = not self._other_conf
                self._write_conf(number)
                self._addon.touch()
                self._job(self._look_after(number))

    async def reload(self, seconds: float) -> None:
        """Touches the script at intervals, until it is cancelled."""
        while True:
            await asyncio.sleep(seconds)
            self._say("the script is touched")
            self._addon.touch()

    def _job(self, work: Coroutine[Any, Any, None]) -> None:
        job = asyncio.create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    async def _take_out(self, number: int) -> None:
        if self._balancer is not None:
            self._balancer.take_out(number)
            await asyncio.sleep(_OUT_SECONDS)
            self._balancer.take_out(number, back=True)
        self._busy.discard(number)

    async def _go_on(self, number: int, seconds: float) -> None:
        await asyncio.sleep(seconds)
        os.kill(self._proxies[number].child.pid, signal.SIGCONT)
        self._say(f"process {number}: goes on")
        await asyncio.sleep(HALT_SECONDS)
        self._busy.discard(number)

    async def _look_after(self, number: int) -> None:
        await asyncio.sleep(0.5)
        if self._proxies[number].child.poll() is not None:
            await self._restart(number, "by itself")
        self._busy.discard(number)

    async def _restart(self, number: int, end: str) -> None:
        if len(self._urls) == 1:
            self.up.clear()
        await self._bury(number, end)
        await self._begin(number)
        self._busy.discard(number)

    async def _begin(self, number: int) -> None:
        self._write_conf(number)
        port = str(self._ports[number])
        listen = ("--listen-host", "127.0.0.1", "--listen-port", port)
        env = env_of(self._plan, self._store.option(number))
        self._begun[number] = time.monotonic()
        self._proxies[number] = Proxy(
            self._folders[number], conf=None, env=env, listen=listen, addon=self._addon
        )
        await _answers(self._ports[number])
        self._say(f"process {number}: serves")
        self.up.set()

    def _write_conf(self, number: int) -> None:
        text = conf_of(self._plan, self._urls[number], self._other_conf, self._webhooks)
        (self._folders[number] / "mitm.conf").write_text(text)

    async def _finish(self, number: int) -> None:
        child = self._proxies[number].child
        for _ in range(2):  # the second one ends it at once
            if child.poll() is None:
                child.terminate()
                await asyncio.sleep(0.5)
        await self._bury(number, "stopped")

    async def _bury(self, number: int, end: str) -> None:
        proxy = self._proxies[number]
        await asyncio.to_thread(proxy.wait, _END_SECONDS)
        del self._proxies[number]
        self.lives.append(Life(number, proxy.log, end, self._begun[number], time.monotonic()))
        self._say(f"process {number}: has ended, {end}")

    def _say(self, text: str) -> None:
        self._trace.say(time.monotonic(), "", text)


async def _answers(port: int) -> None:
    """Waits for the first answer of the addon itself; the log may stand in a buffer."""
    headers = {"authorization": f"Bearer {token(CALLERS[0])}"}
    async with asyncio.timeout(_START_SECONDS):
        while True:
            try:
                answer = await ask(port, "GET", "/v1/videos/video_rw_none", headers)
            except LostError:
                answer = None
            if answer is not None and answer.status == 404:
                return
            await asyncio.sleep(0.05)

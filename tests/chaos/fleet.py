"""The real mitmdumps of one history, alone or behind HAProxy, and what is done to them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import time
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from asking import free_port
from chaos.client import token
from chaos.fates import Blow
from chaos.plan import CALLERS, Plan
from chaos.records import Life, Trace, Upset
from chaos.wire import LostError, ask
from faulty.balancer import Balancer
from running import ADDON, Proxy

#: How long a stopped process stands still.
HALT_SECONDS = 0.3
#: After a second SIGTERM the process need not wait for creates.
_END_SECONDS = 40.0
_START_SECONDS = 60.0


class Fleet:
    """`start`, then blows, then `stop`, which gives the processes' lives."""

    def __init__(self, folder: Path, ca: Path, plan: Plan, urls: Sequence[str], trace: Trace) -> None:
        """`urls`: the base URL of Runway for each process; `ca`: a confdir with mitmproxy's CA."""
        self.lives: list[Life] = []
        self.upsets: list[Upset] = []
        self.port = 0
        #: Set while somebody serves.
        self.up = asyncio.Event()
        self._plan = plan
        self._urls = urls
        self._trace = trace
        self._ports = [free_port() for _ in urls]
        self._folders = [folder / f"process-{number}" for number in range(len(urls))]
        self._addon = folder / "addon"
        self._proxies: dict[int, Proxy] = {}
        self._busy: set[int] = set()
        self._jobs: set[asyncio.Task[None]] = set()
        self._stack = ExitStack()
        shutil.copytree(ADDON.parent, self._addon, ignore=shutil.ignore_patterns("__pycache__"))
        for each in self._folders:
            each.mkdir()
            shutil.copytree(ca, each / "confdir")
        self._folder = folder

    async def start(self) -> None:
        """Until all serve; `port` is where the clients go."""
        await asyncio.gather(*(self._begin(number) for number in range(len(self._urls))))
        self.port = self._ports[0]
        if len(self._urls) > 1:
            balancer = self._stack.enter_context(Balancer(self._folder, self._ports))
            self.port = int(balancer.base_url.rpartition(":")[2].removesuffix("/v1"))
            await _answers(self.port)

    async def stop(self) -> None:
        """Ends all of them; `lives` is complete then."""
        await self.settle()
        await asyncio.gather(*(self._finish(number) for number in list(self._proxies)))
        await asyncio.to_thread(self._stack.close)

    def abandon(self) -> None:
        """Ends at once whatever still runs."""
        for job in self._jobs:
            job.cancel()
        for proxy in self._proxies.values():
            proxy.kill()
        self._stack.close()

    async def settle(self) -> None:
        """Until nothing is being done to any of them and all serve."""
        while self._jobs:
            await asyncio.wait(self._jobs)
        for number, proxy in list(self._proxies.items()):
            if proxy.child.poll() is not None:
                await self._restart(number, "by itself")

    async def strike(self, blow: Blow, number: int) -> None:
        """Does something to a process, unless something is being done to it already."""
        if number in self._busy or number not in self._proxies:
            return
        self._busy.add(number)
        self.upsets.append(Upset(time.monotonic(), number, blow.value))
        self._say(f"process {number}: {blow.value}")
        child = self._proxies[number].child
        match blow:
            case Blow.HALT:
                os.kill(child.pid, signal.SIGSTOP)
                self._job(self._go_on(number))
            case Blow.KILL_BEFORE | Blow.KILL_AFTER:
                child.kill()
                self._job(self._restart(number, "killed"))
            case Blow.TERM:
                child.terminate()
                self._job(self._restart(number, "stopped"))
            case Blow.HUP:
                child.send_signal(signal.SIGHUP)
                self._job(self._look_after(number))

    async def reload(self, seconds: float) -> None:
        """Touches the script at intervals, until it is cancelled."""
        while True:
            await asyncio.sleep(seconds)
            self._say("the script is touched")
            (self._addon / "runway.py").touch()

    def _job(self, work: Coroutine[Any, Any, None]) -> None:
        job = asyncio.create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    async def _go_on(self, number: int) -> None:
        await asyncio.sleep(HALT_SECONDS)
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
        folder = self._folders[number]
        conf = {
            "runway_base_url": self._urls[number],
            "runway_keys": [
                {"name": name, "value": f"env.KEY_{name.upper()}", "models": [f"{lane}-*"]}
                for lane in self._plan.lanes
                for name in _keys(lane)
            ],
            "runway_callers": [{"name": name, "value": token(name)} for name in CALLERS],
            "runway_poll_seconds": self._plan.poll_seconds,
            "runway_lean": self._plan.lean,
            "flow_detail": 0,
        }
        env = {f"KEY_{name.upper()}": f"key-of-{name}" for lane in self._plan.lanes for name in _keys(lane)}
        # As whoever starts it has it: without a terminal, and not unbuffered.
        env |= {"PYTHONUNBUFFERED": "", "RUNWAY_ID_SECRET": "known to all"}
        port = str(self._ports[number])
        listen = ("--listen-host", "127.0.0.1", "--listen-port", port)
        addon = self._addon / "runway.py"
        self._proxies[number] = Proxy(folder, conf=json.dumps(conf), env=env, listen=listen, addon=addon)
        await _answers(self._ports[number])
        self._say(f"process {number}: serves")
        self.up.set()

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
        self.lives.append(Life(number, proxy.log, end))
        self._say(f"process {number}: has ended, {end}")

    def _say(self, text: str) -> None:
        self._trace.say(time.monotonic(), "", text)


def _keys(lane: str) -> Iterable[str]:
    return (f"{lane}a", f"{lane}b")


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

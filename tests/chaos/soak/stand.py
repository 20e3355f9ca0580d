"""A proxy with its Runway, each a process, and what is done to them in turn."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import httpx
import msgspec

from authority import put_authority
from chaos.client import token
from chaos.soak.plan import CALLERS, KEYS, Plan
from redis_server import RedisServer
from running import ADDON, Process, Proxy, clean_environment

_PROBE = Path(__file__).with_name("probe.py")


class _Line(msgspec.Struct, frozen=True):
    """Of the probe's file."""

    lags: list[float] = []
    error: str = ""


class Stand:
    """`proxy` serves within `with`; what its probe saw is in `lags` and `errors` afterwards."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder = folder
        self._plan = plan
        self._stack = ExitStack()
        self._seen = folder / "probe.jsonl"
        self._addon = folder / "addon" / ADDON.name
        self._other_conf = False

    def __enter__(self) -> Self:
        with self._stack as stack:
            self._start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self) -> None:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ADDON.parent, self._folder / "addon", ignore=ignored)  # its script is touched
        put_authority(self._folder / "confdir")
        self.runway = self._process(
            "runway_videos.sandbox", "--keys", ",".join(KEYS), "--seconds", str(self._plan.life)
        )
        self.runway_url = self.runway.wait_for(r"^http://127\.0\.0\.1:\d+$")[0]
        store = self._store()
        self._write_conf()
        env = {
            "SOAK_PROBE": str(self._seen),
            "STORE": store,
            "RUNWAY_ID_SECRET": "of the soak",
            "PYTHONUNBUFFERED": "",
        }
        more = ("-s", str(_PROBE))
        self.proxy = self._stack.enter_context(
            Proxy(self._folder, *more, conf=None, env=env, addon=self._addon)
        )

    def _process(self, module: str, *arguments: str) -> Process:
        env = clean_environment({"PYTHONPATH": str(self._folder / "addon")})
        process = Process([sys.executable, "-m", module, *arguments], env, self._folder)
        self._stack.callback(process.kill)
        return process

    def _store(self) -> str:
        match self._plan.store:
            case "sqlite":
                return f"sqlite:{self._folder / 'store.db'}"
            case "redis":
                return self._stack.enter_context(RedisServer(self._folder)).url
        return "memory"

    def _write_conf(self) -> None:
        conf = {
            "runway_base_url": self.runway_url,
            "runway_keys": [
                {"name": f"key-{number}", "value": key, "weight": 2 if self._other_conf else 1}
                for number, key in enumerate(KEYS)
            ],
            "runway_callers": [
                {"name": name, "value": token(name), "credits_per_day": 1e9 + self._other_conf}
                for name in CALLERS
            ],
            "runway_store": "env.STORE",
            "runway_audit": "account.jsonl",
            "runway_lean": True,
            "runway_poll_seconds": self._plan.poll_seconds,
        }
        (self._folder / "mitm.conf").write_text(json.dumps(conf))

    async def upset(self) -> None:
        """One after the other at each interval, until it is cancelled."""
        for upset in itertools.cycle((self._change, self._hang_up, self._touch)):
            await asyncio.sleep(self._plan.reload)
            upset()
            os.kill(self.runway.child.pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(self._plan.halt)
            finally:
                os.kill(self.runway.child.pid, signal.SIGCONT)

    def _change(self) -> None:
        """Another configuration."""
        self._other_conf = not self._other_conf
        self._write_conf()

    def _hang_up(self) -> None:
        self.proxy.child.send_signal(signal.SIGHUP)

    def _touch(self) -> None:
        """mitmproxy reads the script again."""
        self._addon.touch()

    def tasks(self) -> int:
        """How many Runway made in all."""
        made = 0
        for key in KEYS:
            headers = {"authorization": f"Bearer {key}", "x-runway-version": "2024-11-06"}
            got = httpx.get(f"{self.runway_url}/v1/organization", headers=headers, trust_env=False).json()
            made += sum(model["dailyGenerations"] for model in got["usage"]["models"].values())
        return made

    @property
    def lags(self) -> list[float]:
        """In milliseconds, in turn."""
        return [lag for line in self._lines() for lag in line.lags]

    @property
    def errors(self) -> list[str]:
        """What the proxy's process logged above WARNING."""
        return [line.error for line in self._lines() if line.error]

    def _lines(self) -> Iterator[_Line]:
        with self._seen.open() as file:
            yield from (msgspec.json.decode(line, type=_Line) for line in file)

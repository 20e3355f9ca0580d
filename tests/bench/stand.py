"""The processes that the bench measures: each kind of mitmdump, and the server behind them."""

from __future__ import annotations

import json
import shutil
import sys
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

import msgspec
from mitmproxy.certs import CertStore

import process_use
from redis_server import RedisServer
from running import MITMDUMP, ROOT, UNBUFFERED, Process, clean_environment

_HERE = Path(__file__).parent
_READY = r"listening at 127\.0\.0\.1:(\d+)"
_SERVING = r"serving /v1/videos on http://127\.0\.0\.1:(\d+)"
_KEY = json.dumps({"name": "bench", "value": "key_of_the_bench_0123456789"})
# The same for all: what the addon sets by itself, the bare ones are given.
_COMMON = ("--listen-host", "127.0.0.1", "--listen-port", "0", "--set", "connection_strategy=lazy",
           "--set", "flow_detail=0")  # fmt: skip
_OURS = ("-s", "addon/runway.py", "--set", "runway_base_url={origin}")
_PASS = ("--mode", "reverse:{origin}")
_ANSWER = "tests/bench/answer.py"
_BEAT = ("-s", "tests/bench/heartbeat.py")
_SQLITE = ("--set", "runway_store=sqlite:{folder}/store.db")
_REDIS = ("--set", "runway_store={redis}")
_LEAN = ("--set", "runway_lean=true")
_ASK = ("--set", "runway_poll_seconds=0")
_LARGE = ("--set", "runway_max_body=256m")


class Kind(msgspec.Struct, frozen=True):
    """A way to run mitmdump: what it is for a reader, and what is added to its command."""

    about: str
    arguments: tuple[str, ...]
    env: Mapping[str, str] = {}
    #: Its `/runway/metrics` is read all the time.
    scraped: bool = False

    @property
    def ours(self) -> bool:
        """Whether the addon is in it."""
        return "addon/runway.py" in self.arguments

    @property
    def command(self) -> str:
        """The command as a reader would type it, without what all have in common."""
        env = [f"{name}={value}" for name, value in self.env.items()]
        return " ".join([*env, "mitmdump", *self.arguments])


KINDS: Mapping[str, Kind] = {
    "pass": Kind("bare, passing through", _PASS),
    "stream": Kind("bare, streaming", (*_PASS, "--set", "stream_large_bodies=1m")),
    "answer": Kind("bare, answering in three lines", ("-s", _ANSWER)),
    "ours": Kind("ours", _OURS),
    "lean": Kind("ours, lean", (*_OURS, *_LEAN)),
    "lean-O": Kind("ours, lean, no asserts", (*_OURS, *_LEAN), {"PYTHONOPTIMIZE": "1"}),
    "ours-sqlite": Kind("ours, store in SQLite", (*_OURS, *_SQLITE)),
    "ours-redis": Kind("ours, store in Redis", (*_OURS, *_REDIS)),
    "ours-scraped": Kind("ours, metrics read every second", _OURS, scraped=True),
    "ours-ask": Kind("ours, asking every time", (*_OURS, *_ASK)),
    "lean-ask": Kind("ours, lean, asking every time", (*_OURS, *_LEAN, *_ASK)),
    "answer-beat": Kind("bare, answering, with a heartbeat", (*_BEAT, "-s", _ANSWER)),
    "ours-beat": Kind("ours, with a heartbeat", (*_BEAT, *_OURS, *_LARGE)),
}


class Proxy:
    """A running mitmdump."""

    def __init__(self, kind: Kind, project: Path, places: Mapping[str, str]) -> None:
        """`places`: what stands for `{origin}` and the like in the kind's arguments."""
        words = list(kind.arguments)
        for name, place in places.items():
            words = [word.replace(f"{{{name}}}", place) for word in words]
        words = [str(project / word) if word.endswith(".py") else word for word in words]
        command = [str(MITMDUMP), *_COMMON, "--set", f"confdir={project / 'confdir'}", *words]
        if kind.ours:
            command += ["--set", f"runway_keys={_KEY}"]
        env = clean_environment({**UNBUFFERED, **kind.env})
        self.process = Process(command, env, project)
        self._ready = _SERVING if kind.ours else _READY

    @cached_property
    def port(self) -> int:
        """Where it listens, as soon as it does."""
        return int(self.process.wait_for(self._ready)[1])

    def wait(self) -> None:
        """Waits until it serves."""
        _ = self.port

    def get(self, path: str, body: bytes | None = None) -> bytes:
        """The body of an answer that must be a 200."""
        return fetch(f"http://127.0.0.1:{self.port}{path}", body)

    def processor(self) -> float | None:
        """Seconds of processor time so far, None where there is no /proc."""
        return process_use.processor(self.process.child.pid)

    def resident(self) -> float | None:
        """Resident memory in MiB, None where there is no /proc."""
        found = process_use.resident(self.process.child.pid)
        return None if found is None else found / 2**20


class Stand:
    """Starts proxies of each kind once and keeps them; `close` ends all that it started."""

    def __init__(self, folder: Path, file_bytes: int) -> None:
        #: What was wrong with bytes or upstream calls.
        self.problems: list[str] = []
        # A copy: mitmproxy reloads a script that is edited. Nobody's own mitm.conf counts.
        self._project = folder / "project"
        shutil.copytree(ROOT / "addon", self._project / "addon")
        shutil.copytree(_HERE, self._project / "tests" / "bench")
        (self._project / "mitm.conf").write_text("")
        CertStore.from_store(self._project / "confdir", "mitmproxy", 2048)
        self._proxies: dict[str, Proxy] = {}
        self._stack = ExitStack()
        self.origin = self._server("bench.origin", "--file-bytes", str(file_bytes))
        self.sandbox = ""

    def prepare(self, kinds: Iterable[str]) -> None:
        """Starts proxies of these kinds, all at the same time, and waits until they serve."""
        new = [kind for kind in dict.fromkeys(kinds) if kind not in self._proxies]
        self._proxies |= {kind: self._stack.enter_context(self.another(kind)) for kind in new}
        for kind in new:
            self._proxies[kind].wait()

    def proxy(self, kind: str) -> Proxy:
        """The running proxy of a kind."""
        self.prepare([kind])
        return self._proxies[kind]

    @contextmanager
    def another(self, kind: str) -> Iterator[Proxy]:
        """A further proxy of a kind, ended after use."""
        places = {"origin": self.behind(kind), "folder": str(self._project)}
        if kind == "ours-redis":
            places["redis"] = self._redis_url
        proxy = Proxy(KINDS[kind], self._project, places)
        try:
            yield proxy
        finally:
            proxy.process.kill()

    def behind(self, kind: str) -> str:
        """The URL of what is behind a kind: uploads need the sandbox."""
        if not kind.endswith("-beat"):
            return self.origin
        if not self.sandbox:
            self.sandbox = self._server("runway_videos.sandbox", "--keys", json.loads(_KEY)["value"])
        return self.sandbox

    @cached_property
    def _redis_url(self) -> str:
        """A Redis of its own, as durable as one for creates has to be."""
        folder = self._project / "redis"
        folder.mkdir()
        return self._stack.enter_context(RedisServer(folder, appendfsync="everysec")).url

    def counts(self) -> dict[str, int]:
        """What the origin was asked so far."""
        found: dict[str, int] = json.loads(fetch(f"{self.origin}/counts"))
        return found

    def check(self, right: bool, what: str) -> None:
        """Records what is wrong."""
        if not right:
            self.problems.append(what)

    def _server(self, module: str, *arguments: str) -> str:
        env = clean_environment({"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT / 'addon'}"})
        process = Process([sys.executable, "-m", module, *arguments], env, self._project)
        self._stack.callback(process.kill)
        return process.wait_for(r"^http://127\.0\.0\.1:\d+$")[0]

    def close(self) -> None:
        """Ends every process."""
        self._stack.close()


def fetch(url: str, body: bytes | None = None) -> bytes:
    """GET, or POST of JSON, past any proxy of the environment. Raises for what is no 200."""
    headers = {"Content-Type": "application/json"} if body else {}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, body, headers), timeout=60) as response:
        found: bytes = response.read()
    return found

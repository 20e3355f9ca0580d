"""A stand-in for Runway that misbehaves by plan: raw HTTP servers on free ports, in this event loop.

It has a port for each process, so it knows whose create it answers.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import msgspec

from chaos import answers
from chaos.fates import WELL, Blow, End, Fate, Poll
from chaos.limits import COST
from chaos.records import Task, Trace
from faulty import http1
from faulty.connections import Connections
from faulty.http1 import Request

#: How long an answer is not given, before the reset.
SILENCE_SECONDS = 1.5
_LATE_SECONDS = 0.3
_LOOK_SECONDS = 0.05
_LIFE_SECONDS = 0.2


class Script(msgspec.Struct, frozen=True):
    """What happens to the creates of one group, in turn, and to the questions about its tasks.

    `after`: to those that come when it has said SUCCEEDED.
    """

    creates: tuple[Fate, ...] = ()
    polls: tuple[Poll, ...] = ()
    after: tuple[Poll, ...] = ()
    delay: float = 0.03


class _Made(msgspec.Struct, eq=False):
    task: Task
    polls: deque[Poll]
    after: deque[Poll]
    succeeded: bool = False


class StandIn:
    """`duplicates`: every tenth task is made twice, and only one is named: for the check's own check."""

    def __init__(self, scripts: Mapping[str, Script], trace: Trace, duplicates: bool = False) -> None:
        self.tasks: list[Task] = []
        self.creates = 0
        self._open = 0
        self._last = 0.0
        self._calm = False
        self.blow: Callable[[Blow, int], Awaitable[None]] | None = None
        self._scripts = scripts
        self._fates = {group: deque(script.creates) for group, script in scripts.items()}
        self._trace = trace
        self._duplicates = duplicates
        self._made: dict[str, _Made] = {}
        self._moments: defaultdict[str, list[asyncio.Future[None]]] = defaultdict(list)
        self._servers: list[asyncio.Server] = []
        self._connections = Connections()
        self.urls: list[str] = []

    async def start(self, processes: int) -> None:
        """Listens for so many processes; `urls` are their base URLs."""
        for process in range(processes):
            server = await asyncio.start_server(self._server(process), "127.0.0.1", 0, limit=1 << 20)
            self._servers.append(server)
            self.urls.append(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    async def stop(self) -> None:
        """Ends all connections."""
        for server in self._servers:
            server.close()
        await self._connections.end()

    async def quiet(self, seconds: float, longest: float) -> None:
        """Waits until no create came for so long, or until the longest time is over."""
        for _ in range(int(longest / _LOOK_SECONDS)):
            if not self._open and time.monotonic() > self._last + seconds:
                break
            await asyncio.sleep(_LOOK_SECONDS)

    def calm(self) -> None:
        """From here on all goes well, and every task has ended."""
        self._calm = True
        for task in self.tasks:
            task.ends = min(task.ends, time.monotonic())

    def moment(self, group: str) -> asyncio.Future[None]:
        """Done when a create of the group is about to be answered."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._moments[group].append(future)
        return future

    def _server(
        self, process: int
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._connections.serve(reader, writer, partial(self._exchange, process))

        return serve

    async def _exchange(
        self, process: int, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if request.method == "POST" and request.path.endswith("_to_video"):
            self._open += 1
            try:
                return await self._create(process, request, reader, writer)
            finally:
                self._open -= 1
                self._last = time.monotonic()
        await http1.read_body(reader, request)
        where, _, name = request.path.lstrip("/").rpartition("/")
        if where == "v1/tasks" and name in self._made:
            return await self._task(process, self._made[name], request, writer)
        if where == "files" and name in self._made:
            status, body, headers = http1.split_file(answers.file_of(name), request.headers.get("range"))
        elif request.path == "/v1/organization":
            status, body, headers = 200, _ORGANIZATION, {}
        else:
            status, body, headers = 404, b'{"error": "Not found"}', {}
        writer.write(http1.answer(status, body, headers))
        await writer.drain()
        return True

    async def _create(
        self, process: int, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        self.creates += 1
        asked = time.monotonic()
        group = str(msgspec.json.decode(await http1.read_body(reader, request))["model"])
        fates = self._fates[group]
        fate = fates.popleft() if fates and not self._calm else WELL
        self._say(group, f"Runway: create over {process} by key {request.key[:12]}: {fate.name}")
        pause = (self._scripts[group].delay + fate.slow) / 2
        await asyncio.sleep(pause)
        made = self._make(group, process, asked) if fate.made else None
        shown = made[1] if made else b""
        await asyncio.sleep(pause)
        if fate.end is End.SILENCE:
            await asyncio.sleep(SILENCE_SECONDS)
        for future in self._moments.pop(group, ()):
            if not future.done():
                future.set_result(None)
        if fate.blow not in (None, Blow.KILL_AFTER):
            await self._strike(fate.blow, process)
        body = shown if fate.body is None else fate.body
        headers = {"content-type": fate.content_type, **fate.headers}
        if made and fate.body is None and fate.status == 200 and fate.end is End.ANSWER:
            made[0].told = time.monotonic()
        goes_on = await answers.end_as(fate.end, http1.answer(fate.status, body, headers), writer)
        if fate.blow is Blow.KILL_AFTER:
            await asyncio.sleep(0.004)
            await self._strike(fate.blow, process)
        return goes_on

    async def _strike(self, blow: Blow | None, process: int) -> None:
        if self.blow is not None and blow is not None:
            await self.blow(blow, process)

    def _make(self, group: str, process: int, asked: float) -> tuple[Task, bytes]:
        """Makes a task; with Runway's own answer."""
        script = self._scripts[group]
        copies = 2 if self._duplicates and len(self._made) % 10 == 0 else 1
        for _ in range(copies):
            now = time.monotonic()
            ends = now + _LIFE_SECONDS + 5 * script.delay
            task = Task(str(uuid.uuid4()), group, now, ends, process, asked)
            self.tasks.append(task)
            self._made[task.id] = _Made(task, deque(script.polls), deque(script.after))
            self._say(group, f"Runway: made task {task.id}")
        return task, msgspec.json.encode({"id": task.id, "estimatedCost": {"credits": COST}})

    async def _task(self, process: int, made: _Made, request: Request, writer: asyncio.StreamWriter) -> bool:
        script = made.after if made.succeeded else made.polls
        fate = script.popleft() if script and not self._calm else Poll.WELL
        status, body, end = 200, self._state(process, made, fate), End.ANSWER
        match fate:
            case Poll.NOT_FOUND:
                status, body = 404, b'{"error": "Could not find Task"}'
            case Poll.OTHER:
                body = self._state(process, self._other(made), fate)
            case Poll.ERROR:
                status, body = 500, b'{"error": "Internal server error"}'
            case Poll.GATEWAY:
                status, body = 502, b"<html></html>"
            case Poll.BUSY:
                status, body = 503, b'{"error": "The service is overloaded, try again later."}'
            case Poll.RESET:
                end = End.RESET
            case Poll.SLOW:
                await asyncio.sleep(_LATE_SECONDS)
        if fate is not Poll.WELL:
            self._say(made.task.group, f"Runway: asked for task {made.task.id}: {fate.value}")
        return await answers.end_as(end, http1.answer(status, body), writer)

    def _other(self, made: _Made) -> _Made:
        """A task that has ended, of somebody else."""
        others = (each for each in self._made.values() if each.task.group != made.task.group)
        return min(others, key=lambda each: each.task.ends, default=made)

    def _state(self, process: int, made: _Made, fate: Poll) -> bytes:
        now, task = time.monotonic(), made.task
        answer: dict[str, object] = {"id": task.id, "createdAt": "2026-11-23T10:00:00Z"}
        part = (now - task.made) / (task.ends - task.made)
        if self._calm or part >= 1 or (fate is Poll.OTHER and made.task.ends < now):
            if fate is Poll.BACK:
                return msgspec.json.encode(answer | {"status": "RUNNING", "progress": 0.6})
            made.succeeded = made.succeeded or fate is not Poll.OTHER
            output = [f"{self.urls[process]}/files/{task.id}"]
            return msgspec.json.encode(
                answer | {"status": "SUCCEEDED", "output": output, "cost": {"credits": COST}}
            )
        if part < 0.1:
            return msgspec.json.encode(answer | {"status": "PENDING"})
        progress = part / 3 if fate is Poll.LOWER else part
        return msgspec.json.encode(answer | {"status": "RUNNING", "progress": progress})

    def _say(self, group: str, text: str) -> None:
        self._trace.say(time.monotonic(), group, text)


_ORGANIZATION = b'{"creditBalance": 100000, "tier": {"models": {}}, "usage": {"models": {}}}'

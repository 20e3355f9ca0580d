"""The faulty Runway: a raw TCP server in a thread of its own, on a free port of 127.0.0.1.

Each key is an account with planned faults for its next create, poll, deletion, upload, download.
It counts the tasks that it made, also those whose answers were lost.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import uuid
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any

import msgspec

from faulty import faults, http1
from faulty.accounts import Account, Made, Operation
from faulty.connections import Connections
from faulty.faults import End, Fault
from faulty.http1 import Request

#: Nothing waits that long when all is well.
PATIENCE_SECONDS = 60.0
#: A finished video: long enough for a download to be cut in its middle.
VIDEO = bytes(range(256)) * 4096
_OPERATIONS = {each.value: each for each in (Operation.SLOT, Operation.CHECK, Operation.USAGE)}


class FaultyRunway:
    """`with FaultyRunway() as runway`: listens, until the end of the block."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        #: A create on a connection that was used before is reset, as when the server's idle time-out
        #: expires while the create is on its way.
        self.drops_used = False
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._changed = threading.Condition()
        self._server: asyncio.Server | None = None
        # Holds the port while nothing listens on it.
        self._port_holder = socket.socket()
        self._connections = Connections()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    def account(self, key: str) -> Account:
        """The account of a key, which exists from then on."""
        if key not in self.accounts:
            self.accounts[key] = Account(key)
            self.accounts[key].attach(self._loop)
        return self.accounts[key]

    def tasks(self, prompt: str) -> list[Made]:
        """The tasks of a prompt, over all accounts."""
        return [task for account in list(self.accounts.values()) for task in account.made(prompt)]

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Waits until something is so; looked at after every step of an exchange."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE_SECONDS), f"in vain: {what}"

    def wait_seen(self, account: Account, operation: Operation, count: int = 1) -> None:
        """Waits until so many requests of a kind have come in, and what they ask for is done."""
        self.wait(lambda: account.seen[operation] >= count, f"{count} of {operation.value}")

    def __enter__(self) -> FaultyRunway:
        self._port_holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._port_holder.bind(("127.0.0.1", 0))
        self.port = self._port_holder.getsockname()[1]
        self._thread.start()
        self.listen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refuse()
        self._run(self._connections.end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self._loop.close()
        self._port_holder.close()

    def listen(self) -> None:
        """Takes connections, again."""

        async def start() -> None:
            self._server = await asyncio.start_server(
                self._serve, "127.0.0.1", self.port, reuse_port=True, limit=1 << 20
            )

        self._run(start())

    def refuse(self) -> None:
        """Refuses connections; the port stays this server's."""

        async def stop() -> None:
            if self._server is not None:
                self._server.close()

        self._run(stop())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        used = False

        async def exchange(
            request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> bool:
            nonlocal used
            goes_on = await self._exchange(request, reader, writer, used)
            used = True
            return goes_on

        await self._connections.serve(reader, writer, exchange)

    async def _exchange(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, used: bool
    ) -> bool:
        """Serves one request; returns False when the connection is to be closed."""
        operation, account = self._find(request)
        script = account.scripts[operation]
        fault = script.popleft() if script else faults.GOOD
        if used and self.drops_used and operation is Operation.CREATE:
            fault = faults.RESET_BEFORE_BODY
        body = await http1.read_body(reader, request) if fault.reads else b""
        full = self._do(operation, account, request, body, fault)
        with self._changed:
            account.seen[operation] += 1
            self._changed.notify_all()
        if fault.holds:
            await account.held()
        await asyncio.sleep(fault.seconds)
        return await _end_as(fault.end, full, reader, writer)

    def _find(self, request: Request) -> tuple[Operation, Account]:
        path = request.path.partition("?")[0].split("/")
        if path[1] == "files":
            probe = request.headers.get("range") == "bytes=0-0"
            return (Operation.PROBE if probe else Operation.FILE), self._owner(path[2])
        if path[1] == "storage":
            return Operation.STORE, next(a for a in self.accounts.values() if a.label == path[2])
        account = self.account(request.key)
        if path[2] == "tasks":
            return (Operation.DELETE if request.method == "DELETE" else Operation.STATUS), account
        return _OPERATIONS.get("/".join(path[2:]), Operation.CREATE), account

    def _owner(self, task: str) -> Account:
        owners = (a for a in self.accounts.values() if any(t.id == task for t in a.tasks))
        return next(owners)

    def _do(
        self, operation: Operation, account: Account, request: Request, body: bytes, fault: Fault
    ) -> bytes:
        """Does what is asked unless the fault prevents it; returns the whole answer."""
        headers: dict[str, str] = {}
        status, content = 200, b""
        match operation:
            case Operation.CREATE if fault.does:
                asked = msgspec.json.decode(body)
                task = Made(str(uuid.uuid4()), str(asked.get("promptText", "")), asked)
                account.tasks.append(task)
                content = msgspec.json.encode({"id": task.id, "estimatedCost": {"credits": 25}})
            case Operation.STATUS | Operation.DELETE:
                status, content = self._task_answer(operation, account, request, fault)
            case Operation.SLOT:
                slot = {"uploadUrl": f"{self.url}/storage/{account.label}", "fields": {"a": "b"}}
                content = msgspec.json.encode(slot | {"runwayUri": f"runway://{account.label}"})
            case Operation.CHECK | Operation.USAGE:
                content = msgspec.json.encode(account.organization(operation))
            case Operation.STORE:
                status = 204
            case Operation.PROBE | Operation.FILE:
                status, content, headers = http1.split_file(VIDEO, request.headers.get("range"))
        if fault.body is not None or fault.status != 200:
            status, content = fault.status, fault.body or b""
        if fault.retry_after:
            headers = {**headers, "Retry-After": fault.retry_after}
        return http1.answer(status, content, headers)

    def _task_answer(
        self, operation: Operation, account: Account, request: Request, fault: Fault
    ) -> tuple[int, bytes]:
        name = request.path.rpartition("/")[2]
        task = next((each for each in account.tasks if each.id == name and not each.deleted), None)
        if task is None:
            return 404, b'{"error": "Could not find Task"}'
        if operation is Operation.DELETE:
            task.deleted = fault.does
            return 204, b""
        task.asked += 1
        status: dict[str, object] = {"id": task.id, "createdAt": "2026-11-23T10:00:00Z"}
        if task.asked == 1:
            return 200, msgspec.json.encode(status | {"status": "RUNNING", "progress": 0.5})
        # A fresh link each time, as Runway's.
        link = f"{self.url}/files/{task.id}?Signature={task.asked}"
        status |= {"status": "SUCCEEDED", "output": [link], "cost": {"credits": 25}}
        return 200, msgspec.json.encode(status)


async def _end_as(end: End, full: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    half = full[: (full.index(b"\r\n\r\n") + 4 + len(full)) // 2]
    match end:
        case End.ANSWER:
            writer.write(full)
            await writer.drain()
            return True
        case End.NOISE:
            writer.write(b"SSH-2.0-OpenSSH_9.9\r\n")
            await writer.drain()
        case End.HALF:
            # Not a reset, which would overtake what was sent.
            writer.write(half)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        case End.STALL:
            writer.write(half)
            await writer.drain()
            await reader.read()
        case End.DRIP:
            for number in range(len(full) - 1):
                writer.write(full[number : number + 1])
                await writer.drain()
                await asyncio.sleep(0.05)
            await reader.read()
        case End.SILENCE:
            await reader.read()
        case End.RESET:
            http1.reset(writer)
        case End.CLOSE:
            pass
    return False

"""A key's account at the faulty Runway: its tasks, its requests, and the faults planned for it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from enum import Enum
from hashlib import sha256
from typing import Any

import msgspec

from faulty.faults import Fault


class Operation(Enum):
    """What a request asks for."""

    CREATE = "create"
    STATUS = "status"
    DELETE = "delete"
    SLOT = "uploads"  # step one of an upload
    CHECK = "organization"  # of the key
    USAGE = "organization/usage"
    STORE = "store"  # the upload itself
    PROBE = "probe"  # of a finished file, one byte
    FILE = "file"


class Made(msgspec.Struct, eq=False):
    """A task that Runway made."""

    id: str
    prompt: str
    body: dict[str, Any]
    asked: int = 0
    deleted: bool = False


class Account:
    """A key's account. `tasks` are all that were made, also deleted ones."""

    def __init__(self, key: str) -> None:
        self.key = key
        #: Names it in addresses: the key's value would be masked there.
        self.label = sha256(key.encode()).hexdigest()[:12]
        self.tasks: list[Made] = []
        self.seen: Counter[Operation] = Counter()
        self.scripts: dict[Operation, deque[Fault]] = {each: deque() for each in Operation}
        self._free = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def plan(self, operation: Operation, *script: Fault) -> Account:
        """Plans the faults of the next requests; later ones succeed."""
        self.scripts[operation].extend(script)
        return self

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Binds it to the server's loop."""
        self._loop = loop

    def release(self) -> None:
        """Continues every request that is held, and all later ones."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._free.set)

    async def held(self) -> None:
        """Waits for `release`."""
        await self._free.wait()

    def organization(self, operation: Operation) -> dict[str, object]:
        """The answer to CHECK or USAGE, with all that its tasks cost as if they were made today."""
        if operation is Operation.CHECK:
            return {"creditBalance": 1000}
        models = Counter(str(task.body.get("model")) for task in self.tasks)
        used = [{"model": model, "amount": 25 * count} for model, count in models.items()]
        day = time.strftime("%Y-%m-%d", time.gmtime())
        return {"results": [{"date": day, "usedCredits": used}] if used else [], "models": list(models)}

    def made(self, prompt: str) -> list[Made]:
        """The tasks of a prompt."""
        return [task for task in self.tasks if task.prompt == prompt]

"""A create that runs by itself, and the requests that have a seat at it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import msgspec


class CreateIdentity(msgspec.Struct, frozen=True):
    """What tells a repeat: who asks, for what (`content_digest`), and the client's own marks."""

    caller: str
    fingerprint: bytes
    idempotency_key: str | None = None
    retry_count: int = 0


#: Where a create is found: by a hash of caller and Idempotency-Key, or by caller and content.
type RecordKey = bytes | tuple[str, bytes]


class Create[T]:
    """One create. It ends when `run` does, which no request can end; then it has its outcome."""

    __slots__ = (
        "done",
        "ended",
        "error",
        "fingerprint",
        "last_retry",
        "record_key",
        "taken",
        "task",
        "value",
        "waiters",
    )

    def __init__(self, record_key: RecordKey, mark: CreateIdentity) -> None:
        self.record_key = record_key
        self.fingerprint = mark.fingerprint
        self.last_retry = mark.retry_count
        self.waiters: list[Waiter[T]] = []  # those that were not told yet that they are answered
        self.task: asyncio.Task[None] | None = None
        self.done = False
        self.value: T | None = None
        self.error: Exception | None = None
        self.ended = 0.0
        self.taken = False  # by a repeat, after it had ended

    @property
    def keyed(self) -> bool:
        """Whether it has an Idempotency-Key."""
        return isinstance(self.record_key, bytes)

    @property
    def waited_for(self) -> bool:
        """Whether a client is there without an answer yet, as far as is known."""
        return any(waiter.waits() for waiter in self.waiters)

    async def run(self, make: Callable[[], Awaitable[T]]) -> T | Exception:
        """Calls `make`, keeps what comes of it and gives it."""
        outcome: T | Exception
        try:
            outcome = self.value = await make()
        except Exception as error:
            outcome = self.error = _bare(error)
        self.done = True
        return outcome


class Waiter[T]:
    """One request's place at a create. `repeat`: another request began it."""

    def __init__(
        self,
        create: Create[T],
        settle: Callable[[Create[T]], None],
        gone: Callable[[], bool] | None,
        repeat: bool,
    ) -> None:
        self.repeat = repeat
        self._create = create
        self._settle = settle
        self._gone = gone
        self._told = False
        if not create.keyed:  # else nobody asks whether its clients are there
            create.waiters.append(self)

    async def outcome(self) -> T:
        """What came of the create; raises what it raised. Ending this wait does not end it."""
        create = self._create
        if not create.done and create.task is not None:
            try:
                await asyncio.shield(create.task)
            except asyncio.CancelledError:
                self.answered(delivered=False)
                raise
        if create.error is not None:
            raise _bare(create.error)
        return cast(T, create.value)

    def answered(self, delivered: bool) -> None:
        """Whether the client was still there when its answer was ready. The first word counts.

        May be told before the end too, when the client is seen to hang up.
        """
        if self._told:
            return
        self._told = True
        self._gone = None  # it may hold the whole request
        if not self._create.keyed:
            self._create.waiters.remove(self)
        if delivered:
            self._settle(self._create)

    def waits(self) -> bool:
        """Whether the client is there and has no answer yet, as far as is known."""
        return not self._told and not (self._gone is not None and self._gone())


def _bare(error: Exception) -> Exception:
    """A copy without its traceback, whose frames would hold whole requests."""
    copy = type(error).__new__(type(error), *error.args)
    copy.args = error.args
    copy.__dict__.update(error.__dict__)
    return copy

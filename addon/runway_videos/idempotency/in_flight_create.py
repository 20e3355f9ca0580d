"""The state machine of an in-flight create and of the clients that wait for it.

A *create* is one call of `submit`: at most one paid task. A *waiter* is one attempt of one client
that asks for it. A client's next attempt (a *retry*) takes the place of its last one, so a create
has one waiter for each client that wants its outcome.

A create:

| state       | what happens                                  | next state                          |
|-------------|-----------------------------------------------|-------------------------------------|
| RUNNING     | it ends, a task was made or may have been     | OWED                                |
| RUNNING     | it ends, nothing was made                     | forgotten; its waiters' attempts    |
|             |                                               | are noted as refused (`refused.py`) |
| RUNNING     | the drain is over                             | OWED, with an unknown outcome       |
| OWED        | the last of its waiters has got the outcome   | DELIVERED                           |
| DELIVERED   | a retry comes for it                          | OWED                                |
| OWED, DELIVERED | it has been kept for its time (`Kept`)    | forgotten                           |

A waiter:

| state     | what happens                            | next state |
|-----------|-----------------------------------------|------------|
| WAITING   | its client was there for the answer     | GOT        |
| WAITING   | its client has left                     | LEFT       |
| any       | its client's retry comes                | replaced   |
| replaced  | its client was there for the answer: the retry was another's | GOT |

A create runs in a task of its own, which no request can end. Nothing here knows the time or who
finds which create: that is `creates.py` and `retries.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import cast

import msgspec

from runway_videos.errors import ApiError
from runway_videos.events import VideoFacts

#: Called just before a create is sent. Raises ApiError where it must not be sent: nothing was made.
type Sending = Callable[[], Awaitable[None]]
#: Makes a create's task.
type Make[T] = Callable[[Sending], Awaitable[T]]


class CreateIdentity(msgspec.Struct, frozen=True):
    """By what a retry is known: who asks, for what (`fingerprint`), and what the client says itself.

    `retry_count` is 0 for a first attempt. `about` and `request_id` are for the log: the
    create in short, and the attempt that this is.
    """

    caller: str
    fingerprint: bytes
    idempotency_key: str | None = None
    retry_count: int = 0
    about: VideoFacts = VideoFacts("", "", "", "")
    request_id: str = ""


class Kept(msgspec.Struct, frozen=True):
    """How long and how many, in seconds and for each caller. 0 takes a rule out.

    `keyed`: an outcome under an Idempotency-Key. `owed`: one whose client left without it.
    `delivered`: one that was delivered, for the client's next attempt. `refused`: the note
    that an attempt made nothing. `unknown`: a plain repeat of a create whose outcome is unknown is
    refused. `left`: a client that left may come back, so a process that ends waits for it.
    `records`: creates that run or are kept. `running`: those that run.
    """

    keyed: float = 24 * 3600.0
    owed: float = 600.0
    delivered: float = 10.0
    refused: float = 150.0
    unknown: float = 60.0
    left: float = 10.0
    records: int = 10_000
    running: int = 256


class CreateState(Enum):
    """See the module's table."""

    RUNNING = "running"
    OWED = "owed"
    DELIVERED = "delivered"


class WaiterState(Enum):
    """See the module's table."""

    WAITING = "waiting"
    GOT = "got"
    LEFT = "left"


class Create[T]:
    """One create. `outcome` is None while it runs; an exception is an outcome too."""

    __slots__ = ("_ended", "ended_at", "identity", "is_forgotten", "outcome", "waiters")

    def __init__(self, identity: CreateIdentity) -> None:
        self.identity = identity
        self.waiters: list[Waiter[T]] = []
        self.outcome: T | Exception | None = None
        self._ended: asyncio.Event | None = asyncio.Event()
        self.ended_at = 0.0
        self.is_forgotten = False

    @property
    def state(self) -> CreateState:
        """See the module's table."""
        if self.outcome is None:
            return CreateState.RUNNING
        got = all(waiter.state is WaiterState.GOT for waiter in self.waiters)
        return CreateState.DELIVERED if got else CreateState.OWED

    @property
    def is_unknown(self) -> bool:
        """Whether it ended without a video, though a task may have been made."""
        return isinstance(self.outcome, Exception)

    def end(self, outcome: T | Exception, now: float) -> None:
        """It has an outcome. A second one replaces it: of a create that the drain gave up."""
        self.outcome = _bare(outcome) if isinstance(outcome, Exception) else outcome
        self.ended_at = now
        if self._ended is not None:
            self._ended.set()
            self._ended = None  # it is larger than all the rest, which may be kept for a day

    async def wait(self) -> None:
        """Until it has an outcome."""
        if self._ended is not None:
            await self._ended.wait()

    def join(self, waiter: Waiter[T], replaced: Waiter[T] | None) -> None:
        """Another waiter; `replaced` is the attempt that its client has given up, if known."""
        if replaced is not None:
            self.waiters.remove(replaced)
        self.waiters.append(waiter)

    def readmit(self, waiter: Waiter[T]) -> None:
        """A waiter that may have been replaced has got the outcome: a retry of its own may come."""
        if waiter not in self.waiters:
            self.waiters.append(waiter)


class Waiter[T]:
    """One attempt that waits for a create. `count` is the client's own count of its retries.

    `is_retry`: it joined a create that another attempt began.
    """

    __slots__ = ("_changed", "_create", "_gone", "count", "is_retry", "since", "state")

    def __init__(
        self,
        create: Create[T],
        count: int,
        gone: Callable[[], bool] | None,
        changed: Callable[[Create[T], Waiter[T]], None],
        is_retry: bool,
    ) -> None:
        self.count = count
        self.state = WaiterState.WAITING
        self.since = 0.0  # when it got into its last state; set by `changed`
        self.is_retry = is_retry
        self._create = create
        self._gone = gone
        self._changed = changed

    async def outcome(self) -> T:
        """What came of the create; raises what it raised. Ending this wait does not end it."""
        try:
            await self._create.wait()
        except asyncio.CancelledError:
            self.answered(delivered=False)
            raise
        outcome = self._create.outcome
        if isinstance(outcome, Exception):
            raise _bare(outcome)
        return cast(T, outcome)

    def answered(self, delivered: bool) -> None:
        """Whether the client was still there when its answer was ready. The first word counts."""
        if self.state is not WaiterState.WAITING:
            return
        self.state = WaiterState.GOT if delivered else WaiterState.LEFT
        if delivered:
            self._create.readmit(self)
        if not delivered or self._create.identity.idempotency_key:
            self._gone = None  # it may hold the client's connection, and nobody asks any more
        self._changed(self._create, self)

    @property
    def is_gone(self) -> bool:
        """Whether its client is seen to have left; after GOT, that its connection has ended since."""
        return self.state is WaiterState.LEFT or (self._gone is not None and self._gone())


def may_have_made(outcome: object) -> bool:
    """Whether a retry must get this outcome: a task was made or may have been made.

    A fault of ours counts: nobody knows how far it came.
    """
    return not isinstance(outcome, ApiError) or outcome.may_have_made


async def nothing_to_write() -> None:
    """`Sending` of creates in memory: nothing is left of them after this process."""


def _bare[E: Exception](error: E) -> E:
    """A copy without its traceback, whose frames would hold whole requests."""
    copy = type(error).__new__(type(error), *error.args)
    copy.args = error.args
    copy.__dict__.update(error.__dict__)
    return copy

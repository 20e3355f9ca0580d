"""One create, one payment: a create runs to its end whatever its client does, and a retry of it
gets what the first attempt got.

Which create a request asks for:

| the request                                         | gets                                       |
|-----------------------------------------------------|--------------------------------------------|
| has an Idempotency-Key that its caller used         | that create; 409 if its content is another |
| is a retry (count above 0) of an equal create       | that create, by the table in `retries.py`  |
| is a retry of an attempt that made nothing          | a create of its own                        |
| equals a create whose outcome is unknown, for 60 s  | the same refusal                           |
| anything else, also equal creates without a count   | a create of its own                        |

An outcome is kept while a client may come back for it (`Kept`). One that made nothing is not kept,
so a refusal never blocks its retry; those that were already waiting for it get the refusal too.

Records are in this process's memory: a retry has to come to the same process. They are bounded for
each caller. A record protects money, so it never makes room for another: over its bound a caller
is refused. `in_flight_create.py` has the states of one create.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from runway_videos.idempotency import refusals
from runway_videos.idempotency.expiries import Expiries
from runway_videos.idempotency.group_keys import group_key
from runway_videos.idempotency.in_flight_create import (
    Create,
    CreateIdentity,
    CreateState,
    Kept,
    Make,
    Waiter,
    WaiterState,
    may_have_made,
    nothing_to_write,
)
from runway_videos.idempotency.refused_attempts import RefusedAttempts, is_sent_again
from runway_videos.idempotency.retries import REFUSED_RANK, Found, find_retried

__all__ = ["CreateIdentity", "Creates", "Kept", "Waiter", "may_have_made"]


class Creates[T]:
    """Creates that run or are kept. `T` should be small.

    `may_have_made` says of a result or an exception whether a task was made or may have been made.
    `clock` gives seconds that never go back. `start` begins a create's own task. For one event loop.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        may_have_made: Callable[[T | Exception], bool],
        kept: Kept | None = None,
        start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]] = asyncio.create_task,
    ) -> None:
        self._clock = clock
        self._may_have_made = may_have_made
        self._kept = kept = kept or Kept()
        self._start = start
        self._keyed: dict[str, Create[T]] = {}
        self._equal: dict[tuple[str, bytes], list[Create[T]]] = {}
        self._refused = RefusedAttempts(clock, kept.refused)
        self._records: Counter[str] = Counter()  # of each caller
        self._running: dict[asyncio.Task[None], Create[T]] = {}  # the loop itself holds tasks weakly
        self._expiries = Expiries[Create[T]]()
        self._closed = False

    def __len__(self) -> int:
        """Creates that are running or kept."""
        return self._records.total()

    @property
    def running(self) -> int:
        """Creates that have not come to their end."""
        return sum(create.state is CreateState.RUNNING for create in self._running.values())

    def start(self) -> None:
        """Nothing is to be begun."""

    def enter(
        self,
        identity: CreateIdentity,
        make: Make[T],
        gone: Callable[[], bool] | None = None,
    ) -> Waiter[T]:
        """A place at the create that this request asks for; `make` is called if it is a new one.

        `gone` tells whether the client has hung up, as far as can be seen. Raises ApiError, see
        `refusals.py`.
        """
        self._expire()
        found = self._find_keyed(identity) if identity.idempotency_key else self._find_equal(identity)
        create, replaced = found or (self._begin(identity, make), None)
        waiter = Waiter(create, identity.retry_count, gone, self._answered, is_retry=found is not None)
        create.join(waiter, replaced)
        self._keep(create)
        return waiter

    async def drain(self, seconds: float) -> list[CreateIdentity]:
        """Begins no more creates and waits for those that run. Who still waits after that gets an
        unknown outcome; gives which creates those are."""
        self._closed = True
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        given_up = [create for task, create in self._running.items() if not task.done()]
        for create in given_up:
            create.end(refusals.process_ended(), self._clock())
            self._keep(create)
        return [create.identity for create in given_up]

    async def close(self) -> None:
        """Nothing is left to do."""

    def owed(self) -> int:
        """Clients that left without an outcome not long ago: they may come back for it."""
        self._expire()
        now = self._clock()
        owed = 0
        for waiter in self._waiters():
            if waiter.state is WaiterState.WAITING and waiter.is_gone:
                waiter.answered(delivered=False)  # from now on its time is counted
            owed += waiter.state is WaiterState.LEFT and now - waiter.since < self._kept.left
        return owed

    def answering(self) -> int:
        """Clients that are there and have not been answered."""
        return sum(waiter.state is WaiterState.WAITING and not waiter.is_gone for waiter in self._waiters())

    def _waiters(self) -> list[Waiter[T]]:
        creates = (*self._keyed.values(), *(create for equal in self._equal.values() for create in equal))
        return [waiter for create in creates for waiter in create.waiters]

    def _find_keyed(self, identity: CreateIdentity) -> Found[T] | None:
        create = self._keyed.get(group_key(identity))
        if create is None:
            return None
        if create.identity.fingerprint != identity.fingerprint:
            raise refusals.key_reuse()
        done = (waiter for waiter in create.waiters if waiter.is_gone or waiter.state is WaiterState.GOT)
        return create, next(done, None)

    def _find_equal(self, identity: CreateIdentity) -> Found[T] | None:
        caller, fingerprint, last = identity.caller, identity.fingerprint, identity.retry_count - 1
        equal = self._equal.get((caller, fingerprint), [])
        if last >= 0:
            rank, found = find_retried(equal, last + 1, self._kept.delivered, self._clock())
            if rank > REFUSED_RANK and self._refused.has(caller, fingerprint, last):
                self._refused.take(caller, fingerprint, last)
                return None
            if found is not None:
                return found
        for create in equal:
            if create.is_unknown and self._clock() - create.ended_at < self._kept.unknown:
                assert isinstance(create.outcome, Exception)
                raise refusals.repeated_unknown(create.outcome)
        return None

    def _begin(self, identity: CreateIdentity, make: Make[T]) -> Create[T]:
        if self._closed:
            raise refusals.shutting_down(listens=self.owed() > 0)
        caller = identity.caller
        running = sum(
            create.state is CreateState.RUNNING and create.identity.caller == caller
            for create in self._running.values()
        )
        if running >= self._kept.running or self._records[caller] >= self._kept.records:
            error = refusals.too_many(running >= self._kept.running)
            self._note_refused(identity, identity.retry_count)
            raise error
        create: Create[T] = Create(identity)
        if identity.idempotency_key:
            self._keyed[group_key(identity)] = create
        else:
            self._equal.setdefault((caller, identity.fingerprint), []).append(create)
        self._records[caller] += 1
        task = self._start(self._run(create, make))
        self._running[task] = create
        task.add_done_callback(self._running.pop)
        return create

    async def _run(self, create: Create[T], make: Make[T]) -> None:
        outcome: T | Exception
        try:
            outcome = await make(nothing_to_write)
        except Exception as error:
            outcome = error
        except BaseException:  # the loop is being closed: nobody knows how far it came
            create.end(refusals.process_ended(), self._clock())
            self._keep(create)
            raise
        create.end(outcome, self._clock())
        if self._may_have_made(outcome):
            self._keep(create)
            return
        self._forget(create)
        for waiter in create.waiters:
            if waiter.is_gone or is_sent_again(outcome):
                self._note_refused(create.identity, waiter.count)

    def _answered(self, create: Create[T], waiter: Waiter[T]) -> None:
        waiter.since = self._clock()
        self._keep(create)

    def _keep(self, create: Create[T]) -> None:
        """Sets when a create is forgotten, after each change of its state."""
        kept, state = self._kept, create.state
        if state is CreateState.RUNNING or create.is_forgotten:
            return
        if create.identity.idempotency_key:
            until = create.ended_at + kept.keyed
        elif state is CreateState.OWED:
            until = create.ended_at + kept.owed
        else:
            until = max(waiter.since for waiter in create.waiters) + kept.delivered
            if create.is_unknown:
                until = max(until, create.ended_at + kept.unknown)
        self._expiries.set(create, until)

    def _forget(self, create: Create[T]) -> None:
        if create.is_forgotten:
            return
        create.is_forgotten = True
        self._expiries.drop(create)
        identity = create.identity
        self._records[identity.caller] -= 1
        if not self._records[identity.caller]:
            del self._records[identity.caller]
        if identity.idempotency_key:
            del self._keyed[group_key(identity)]
            return
        equal = self._equal[identity.caller, identity.fingerprint]
        equal.remove(create)
        if not equal:
            del self._equal[identity.caller, identity.fingerprint]

    def _expire(self) -> None:
        for create in self._expiries.due(self._clock()):
            self._forget(create)

    def _note_refused(self, identity: CreateIdentity, count: int) -> None:
        """Remembers an attempt that made nothing and whose client is going to try again."""
        if not identity.idempotency_key:
            self._refused.add(identity.caller, identity.fingerprint, count)

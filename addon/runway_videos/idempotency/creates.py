"""One create, one payment: a create runs to its end whatever its client does, and a repeat of it
gets what the first one got.

With an Idempotency-Key, a repeat is whatever has the same caller and key, for 24 hours. Without
one, it is a request that its client marked as a retry (`x-stainless-retry-count` above 0), with
the content of a create of the last 10 minutes that may be what it asks for again, in this order:

1. one still running whose client is gone,
2. one that has ended and whose answer found its client gone, the oldest,
3. one still running (or being answered) whose client seems to be there: a hang-up may not have
   been seen yet, and two payments are worse than one video for two.

Within 1 and 3 those come first whose last attempt was the one before this; each next attempt of
the same clients so finds its own create. Otherwise it is new. An answer that was delivered is
never given again but by Idempotency-Key, and an ended one that was taken by a repeat is free again
only if that answer, too, found its client gone. Equal creates without a mark are each new.

What made nothing is not kept, so a refusal never blocks its retry; those that were already waiting
for it get the refusal too. A 502 "a task may exist" is kept like a task. Records are in this
process's memory: behind a balancer a repeat must come to the same process.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hashlib import sha256

from runway_videos.errors import ApiError
from runway_videos.idempotency.in_flight import Create, CreateIdentity, RecordKey, Waiter

__all__ = ["CreateIdentity", "Creates", "Waiter"]

KEYED_SECONDS = 24 * 3600.0
MARKED_SECONDS = 600.0
#: Creates that are running or kept. Beyond it the oldest kept one goes.
MAX_RECORDS = 10_000


class Creates[T]:
    """Creates that run or are kept. `T` should be small.

    `keep` says of a result or an exception whether a task was made or may have been made. `clock`
    gives seconds that never go back. For one event loop.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        keep: Callable[[T | Exception], bool],
        max_records: int = MAX_RECORDS,
    ) -> None:
        self._clock = clock
        self._keep = keep
        self._max_records = max_records
        self._keyed: dict[bytes, Create[T]] = {}
        self._equal: dict[tuple[str, bytes], list[Create[T]]] = {}
        # What has ended, the first first; True: with an Idempotency-Key.
        self._kept: dict[bool, OrderedDict[Create[T], None]] = {
            True: OrderedDict(),
            False: OrderedDict(),
        }
        self._running: set[asyncio.Task[None]] = set()  # the loop itself holds them weakly
        self._closed = False

    def __len__(self) -> int:
        """Creates that are running or kept."""
        return len(self._running) + sum(map(len, self._kept.values()))

    @property
    def running(self) -> int:
        """Creates that have no outcome yet."""
        return len(self._running)

    def enter(
        self,
        mark: CreateIdentity,
        make: Callable[[], Awaitable[T]],
        gone: Callable[[], bool] | None = None,
    ) -> Waiter[T]:
        """A place at the create that this request asks for; `make` is called if it is a new one.

        `gone` tells whether the client has hung up, as far as can be seen. Raises ApiError: 409
        for an Idempotency-Key that was used with other content, 503 when no create may begin.
        """
        self._expire()
        record_key: RecordKey = (mark.caller, mark.fingerprint)
        if mark.idempotency_key:
            text = f"{mark.caller}\0{mark.idempotency_key}"
            record_key = key = sha256(text.encode("utf-8", "surrogatepass")).digest()
            found = self._keyed.get(key)
            if found is not None and found.fingerprint != mark.fingerprint:
                raise ApiError(
                    409,
                    "This Idempotency-Key was used with another request: send the same content"
                    " again, or another key.",
                    code="idempotency_key_reuse",
                    retry=False,
                )
        else:
            found = self._find_retried(mark) if mark.retry_count > 0 else None
        create = found or self._begin(record_key, mark, make)
        return Waiter(create, self._delivered, gone, repeat=found is not None)

    async def drain(self, seconds: float) -> int:
        """Begins no more creates; waits for those that run; gives how many still do after that."""
        self._closed = True
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        return sum(not task.done() for task in self._running)

    def _find_retried(self, mark: CreateIdentity) -> Create[T] | None:
        """The create that a marked repeat asks for again, in the order of the module's list."""
        best, lowest = None, (9, True, True)
        for create in self._equal.get((mark.caller, mark.fingerprint), ()):
            there = create.waited_for
            if create.done and create.taken and there:
                continue
            group = 3 if there else 2 if create.done else 1
            rank = (
                group,
                group != 2 and create.last_retry >= mark.retry_count,
                group != 2 and create.last_retry != mark.retry_count - 1,
            )
            if rank < lowest:  # among equals the oldest, which stands first
                best, lowest = create, rank
        if best is not None:
            best.taken = best.done
            best.last_retry = max(best.last_retry, mark.retry_count)
        return best

    def _begin(
        self, record_key: RecordKey, mark: CreateIdentity, make: Callable[[], Awaitable[T]]
    ) -> Create[T]:
        if self._closed:
            raise ApiError(503, "The proxy is shutting down; try again.", code="shutting_down", retry=True)
        while len(self) >= self._max_records:
            kept = self._kept[True] or self._kept[False]
            if not kept:
                raise ApiError(
                    503,
                    "Too many videos are being created; try again.",
                    code="overloaded",
                    retry=True,
                    retry_after=1,
                )
            self._drop(next(iter(kept)))
        create: Create[T] = Create(record_key, mark)
        if isinstance(record_key, bytes):
            self._keyed[record_key] = create
        else:
            self._equal.setdefault(record_key, []).append(create)
        create.task = asyncio.create_task(self._run(create, make))
        self._running.add(create.task)
        create.task.add_done_callback(self._running.discard)
        return create

    async def _run(self, create: Create[T], make: Callable[[], Awaitable[T]]) -> None:
        try:
            outcome = await create.run(make)
        except BaseException:  # the loop is being closed
            self._drop(create)
            raise
        create.ended = self._clock()
        self._kept[create.keyed][create] = None
        if not self._keep(outcome):
            self._drop(create)

    def _delivered(self, create: Create[T]) -> None:
        # With an Idempotency-Key it is given again, whoever got it before.
        if not create.keyed:
            self._drop(create)

    def _drop(self, create: Create[T]) -> None:
        record_key = create.record_key
        self._kept[create.keyed].pop(create, None)
        if isinstance(record_key, bytes):
            if self._keyed.get(record_key) is create:
                del self._keyed[record_key]
        elif create in (equal := self._equal.get(record_key, [])):
            equal.remove(create)
            if not equal:
                del self._equal[record_key]

    def _expire(self) -> None:
        now = self._clock()
        for keyed, seconds in ((True, KEYED_SECONDS), (False, MARKED_SECONDS)):
            kept = self._kept[keyed]
            while kept and (first := next(iter(kept))).ended + seconds <= now:
                self._drop(first)

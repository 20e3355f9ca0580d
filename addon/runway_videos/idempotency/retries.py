"""Which create a retry asks for again, where the client sends no Idempotency-Key.

The stock clients say only how often they have tried (`x-stainless-retry-count`, n). Not every attempt
reaches the proxy, so the last one that it knows of may have been before n − 1. Of the equal
creates of the same caller a retry takes one by this table, the first line that applies:

| the create                          | its client           | its last attempt    |
|-------------------------------------|----------------------|---------------------|
| runs                                | has left             | was n − 1           |
| has ended                           | left without outcome | was n − 1           |
| *none, if an attempt n − 1 was refused with nothing made: the retry makes its own* |||
| runs                                | has left             | any                 |
| has ended                           | left without outcome | any                 |
| has ended                           | got it, then closed the connection | n − 1, else fewer, ≤ 10 s ago |
| runs                                | seems to be there    | n − 1, else fewer, else any |
| has ended, the answer is on its way | seems to be there    | fewer               |
| has ended                           | got it               | n − 1, else fewer, ≤ 10 s ago |

Within a line the oldest comes first; of those that were delivered the newest. Why clients that
seem to be there count too: a hang-up may not have been seen yet (the process stood still, the
network lost it), and two payments for one video are worse than one video for two clients.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from runway_videos.idempotency.in_flight_create import Create, CreateState, Waiter, WaiterState

type Found[T] = tuple[Create[T], Waiter[T] | None]

#: The table's line of the refused attempt: what ranks below it is taken only where there is none.
REFUSED_RANK = 2


class RetriedWaiter(Protocol):
    """What the table asks of a waiter; see `create.Waiter`."""

    @property
    def count(self) -> int: ...
    @property
    def state(self) -> WaiterState: ...
    @property
    def since(self) -> float: ...
    @property
    def is_gone(self) -> bool: ...


class RetriedCreate(Protocol):
    """What the table asks of a create; see `create.Create`."""

    @property
    def state(self) -> CreateState: ...
    @property
    def waiters(self) -> Sequence[Any]: ...


def find_retried[C: RetriedCreate](
    creates: Iterable[C], count: int, delivered_seconds: float, now: float
) -> tuple[int, tuple[C, Any] | None]:
    """The best create, the waiter whose client comes back for it, and the rank of the table's line."""
    best: tuple[C, Any] | None = None
    lowest = (99, 0.0)
    for create in creates:
        for waiter in create.waiters:
            rank = _rank(create, waiter, count, delivered_seconds, now)
            if rank is not None and rank < lowest:
                lowest = rank
                # A client whose attempt is not an earlier one waits on; this is one more.
                best = (create, waiter if waiter.is_gone or waiter.count < count else None)
    return lowest[0], best


def _rank(
    create: RetriedCreate, waiter: RetriedWaiter, count: int, delivered_seconds: float, now: float
) -> tuple[int, float] | None:
    """The table's line and the order within it; None where no line applies."""
    runs = create.state is CreateState.RUNNING
    was_last = waiter.count == count - 1
    if waiter.state is WaiterState.GOT:
        age = now - waiter.since
        if waiter.count >= count or age >= delivered_seconds:
            return None
        if waiter.is_gone:
            return (5 if was_last else 6), age
        return (10 if was_last else 11), age
    if waiter.is_gone:
        return (0 if was_last else 3) + (not runs), 0.0
    if runs:
        return (7 if was_last else 8 if waiter.count < count else 9), 0.0
    return (7 if was_last else 8, 0.0) if waiter.count < count else None

"""Creates that mean the same, as processes share them: one group for a caller and a fingerprint, or
for an Idempotency-Key. The rules of `create.py` and `retries.py`, as values that can be stored.

A create of a group:

| phase   | what happens                                      | next phase              |
|---------|---------------------------------------------------|-------------------------|
| CLAIMED | its owner is about to send it                     | SENT                    |
| CLAIMED | its owner has died: nothing was made              | gone                    |
| SENT    | a task was made, or may have been                 | ENDED                   |
| SENT    | its owner has died: the outcome is unknown        | ENDED                   |
| CLAIMED, SENT | nothing was made                            | REFUSED, for who waits  |
| ENDED, REFUSED | it has been kept for its time (`Kept`)     | gone                    |

An owner is a process. Times are unix seconds, for several machines' processes read them.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum

import msgspec

from runway_videos.events import VideoFacts
from runway_videos.idempotency.in_flight_create import CreateState, Kept, WaiterState
from runway_videos.idempotency.retries import REFUSED_RANK, find_retried

#: How long those that wait in other processes have to fetch a refusal, in seconds.
REFUSAL_SECONDS = 30.0
#: How long a claim that was given up may still be on its way to the store, in seconds.
DROPPED_SECONDS = 900.0


class Phase(Enum):
    """See the module's table."""

    CLAIMED = "claimed"
    SENT = "sent"
    ENDED = "ended"
    REFUSED = "refused"


class SharedWaiter(msgspec.Struct):
    """One attempt of one client. `owner` is the process that it is connected to, `number` its name there."""

    owner: str
    number: int
    count: int
    state: WaiterState = WaiterState.WAITING
    since: float = 0.0

    @property
    def is_gone(self) -> bool:
        return self.state is WaiterState.LEFT


class SharedCreate(msgspec.Struct):
    """One create. `about` is for the log; `outcome` the encoded video, or error (`is_unknown`)."""

    number: str
    owner: str
    fingerprint: bytes
    about: VideoFacts
    phase: Phase = Phase.CLAIMED
    outcome: bytes | None = None
    is_unknown: bool = False
    ended_at: float = 0.0
    waiters: list[SharedWaiter] = []

    @property
    def runs(self) -> bool:
        return self.phase in (Phase.CLAIMED, Phase.SENT)

    @property
    def state(self) -> CreateState:
        if self.runs:
            return CreateState.RUNNING
        got = all(waiter.state is WaiterState.GOT for waiter in self.waiters)
        return CreateState.DELIVERED if got else CreateState.OWED


class Group(msgspec.Struct):
    """Creates that mean the same, and attempts at them that were refused: (until, count).

    `dropped`: (until, number) of creates whose claim was given up, and may come late.
    """

    creates: list[SharedCreate] = []
    refused: list[tuple[float, int]] = []
    dropped: list[tuple[float, str]] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing needs to be stored."""
        return not (self.creates or self.refused or self.dropped)

    def find(self, number: str) -> SharedCreate | None:
        """The create of that number."""
        return next((create for create in self.creates if create.number == number), None)

    def running_owners(self) -> set[str]:
        """Processes that have to be alive for what is stored to be true."""
        return {create.owner for create in self.creates if create.runs}


class Match(msgspec.Struct, frozen=True):
    """The create that an attempt asks for again, and the waiter whose client comes back."""

    create: SharedCreate
    replaced: SharedWaiter | None


class Refused(msgspec.Struct, frozen=True):
    """The attempt before this one was refused with nothing made: this one is owed a create of its own."""

    note: tuple[float, int]


class Unknown(msgspec.Struct, frozen=True):
    """An equal create has ended a moment ago, and nobody knows whether it made a task."""

    create: SharedCreate


def find_keyed(group: Group) -> Match | None:
    """The create of an Idempotency-Key."""
    for create in group.creates:
        if create.phase is not Phase.REFUSED:
            done = (each for each in create.waiters if each.is_gone or each.state is WaiterState.GOT)
            return Match(create, next(done, None))
    return None


def find_equal(group: Group, count: int, kept: Kept, now: float) -> Match | Refused | Unknown | None:
    """What attempt number `count` finds; None: a create of its own."""
    if count > 0:
        creates = [create for create in group.creates if create.phase is not Phase.REFUSED]
        rank, found = find_retried(creates, count, kept.delivered, now)
        if rank > REFUSED_RANK:
            for note in group.refused:
                if note[1] == count - 1 and note[0] > now:
                    return Refused(note)
        if found is not None:
            return Match(*found)
    for create in group.creates:
        if create.phase is Phase.ENDED and create.is_unknown and now - create.ended_at < kept.unknown:
            return Unknown(create)
    return None


def has_waiter(group: Group, count: int) -> bool:
    """Whether an attempt of that number has come."""
    return any(waiter.count == count for create in group.creates for waiter in create.waiters)


def join(match: Match, waiter: SharedWaiter) -> None:
    """Another waiter; the one whose client comes back is replaced."""
    if match.replaced is not None:
        match.create.waiters.remove(match.replaced)
    match.create.waiters.append(waiter)


def bury(group: Group, dead: Collection[str], unknown: bytes, now: float) -> list[SharedCreate]:
    """Ends the creates of processes that have died; gives those that had been sent."""
    lost: list[SharedCreate] = []
    for create in list(group.creates):
        if create.owner in dead and create.phase is Phase.CLAIMED:
            group.creates.remove(create)
        elif create.owner in dead and create.phase is Phase.SENT:
            end(create, unknown, is_unknown=True, now=now)
            lost.append(create)
        for waiter in create.waiters:
            if waiter.owner in dead and waiter.state is WaiterState.WAITING:
                waiter.state, waiter.since = WaiterState.LEFT, now
    return lost


def end(create: SharedCreate, outcome: bytes, *, is_unknown: bool, now: float) -> None:
    """A task was made, or may have been. A second outcome replaces the first: of one given up."""
    create.phase, create.outcome, create.is_unknown, create.ended_at = Phase.ENDED, outcome, is_unknown, now


def deliver(create: SharedCreate, owner: str, now: float) -> None:
    """This process's clients get the outcome in the next moment; where that fails, it is written again."""
    for waiter in create.waiters:
        if waiter.owner == owner and waiter.state is WaiterState.WAITING:
            waiter.state, waiter.since = WaiterState.GOT, now


def refuse(
    group: Group, create: SharedCreate, error: bytes, tries_again: bool, now: float, kept: Kept
) -> None:
    """Nothing was made. Who `tries_again` is owed a create of its own, and who had left."""
    create.phase, create.outcome, create.ended_at = Phase.REFUSED, error, now
    noted = (each.count for each in create.waiters if each.is_gone or tries_again)
    group.refused += [(now + kept.refused, count) for count in noted]
    # Its number is that of the attempt that began it.
    if all(f"{waiter.owner}.{waiter.number}" == create.number for waiter in create.waiters):
        group.creates.remove(create)  # nobody else waits for it


def until(create: SharedCreate, kept: Kept, keyed: bool) -> float | None:
    """When it is forgotten; None while it runs."""
    if create.runs:
        return None
    if create.phase is Phase.REFUSED:
        return create.ended_at + REFUSAL_SECONDS
    if keyed:
        return create.ended_at + kept.keyed
    if create.state is CreateState.OWED:
        return create.ended_at + kept.owed
    last = max((waiter.since for waiter in create.waiters), default=create.ended_at) + kept.delivered
    return max(last, create.ended_at + kept.unknown) if create.is_unknown else last


def prune(group: Group, kept: Kept, keyed: bool, now: float) -> None:
    """Forgets what has been kept for its time."""

    def is_kept(create: SharedCreate) -> bool:
        ends = until(create, kept, keyed)
        return ends is None or ends > now

    group.creates = [create for create in group.creates if is_kept(create)]
    group.refused = [note for note in group.refused if note[0] > now]
    group.dropped = [note for note in group.dropped if note[0] > now]


def seconds_kept(kept: Kept, keyed: bool) -> float:
    """For how long a group is stored after its last change."""
    # A create runs for minutes at most; its owner stores it again when it ends.
    return 3600.0 + (kept.keyed if keyed else max(kept.owed, kept.refused))

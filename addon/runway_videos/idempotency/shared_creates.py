"""Creates that several processes share: one create, one payment, whichever of them a retry reaches.

The rules of `creates.py`, over groups of creates in a shared store (`shared_group.py`). What is written,
and when:

1. a create is claimed before anything is done for it;
2. it is written as sent before it is sent: should this process die, others know that a task may exist.
   A claim that is gone by then, for this process was taken for dead, is not sent;
3. its outcome is written before its client is answered. Where that fails it is tried until it works.

These are three round trips for a create. Who waits for a create of another process asks the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from itertools import count
from typing import Any

from runway_videos.errors import ApiError
from runway_videos.idempotency import refusals
from runway_videos.idempotency.caller_room import CallerRoom
from runway_videos.idempotency.group_entries import GroupEntries
from runway_videos.idempotency.group_keys import group_key
from runway_videos.idempotency.group_store import GroupStore
from runway_videos.idempotency.in_flight_create import CreateIdentity, Kept, Make, WaiterState
from runway_videos.idempotency.outcomes import OutcomeCodec
from runway_videos.idempotency.shared_attempt import Attempt
from runway_videos.idempotency.shared_group import Group, Phase, SharedCreate
from runway_videos.store.owners import Owners
from runway_videos.store.shared_state import SharedState, StoreUnavailableError

# Waits between two looks at another attempt's create: the first, the longest, and how they grow.
_FIRST_LOOK, _LONGEST_LOOK, _LOOK_FACTOR = 0.05, 0.5, 1.5
# Looks between two at whether its process is alive.
_LOOKS_PER_CHECK = 4
_DRAIN_LOOK = 0.05


class SharedCreates[T]:
    """Creates in a shared store. The interface of `Creates`.

    `now` gives unix seconds. `codec` makes outcomes bytes. `died` is told of creates that had been
    sent by a process that died.
    """

    def __init__(
        self,
        state: SharedState,
        owners: Owners,
        codec: OutcomeCodec[T],
        may_have_made: Callable[[T | Exception], bool],
        now: Callable[[], float],
        died: Callable[[SharedCreate], None] = lambda create: None,
        kept: Kept | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]] = asyncio.create_task,
    ) -> None:
        self._owners = owners
        kept = kept or Kept()
        self._sleep = sleep
        self._start = start
        self._codec = codec
        unknown = codec.encode(refusals.process_died())
        self._groups = GroupStore(state, owners, kept, unknown, died, now, sleep)
        self._entries = GroupEntries(owners.name, codec, may_have_made, kept, now)
        self._numbers = count()
        self._making: dict[Attempt[T], CreateIdentity] = {}  # those whose creates have no outcome
        self._room = CallerRoom(kept.running)
        self._is_over = False  # nothing is sent any more
        self._tasks: dict[asyncio.Task[None], None] = {}

    @property
    def running(self) -> int:
        """Creates of this process that have not come to their end."""
        return len(self._making)

    def start(self) -> None:
        """From now on others see that this process lives."""
        self._owners.start()

    def write_again(self) -> None:
        """The store has lost what it held. What is sent is paid: a retry has to find it."""
        for attempt in self._making:
            self._in_any_case(attempt, partial(self._entries.restore, attempt=attempt, making=self._making))

    def enter(
        self,
        identity: CreateIdentity,
        make: Make[T],
        gone: Callable[[], bool] | None = None,
    ) -> Attempt[T]:
        """An attempt at the create that this request asks for; `make` is called if it is a new one.

        What `Creates.enter` raises, the attempt's `outcome` does.
        """
        attempt: Attempt[T] = Attempt(
            next(self._numbers), identity.retry_count, group_key(identity), gone, self._answered
        )
        self._entries.attempts[attempt.number] = attempt
        self._spawn(self._serve(attempt, identity, make))
        return attempt

    async def drain(self, seconds: float) -> list[CreateIdentity]:
        """Begins no more creates and waits for those that run. Who still waits after that gets an
        unknown outcome; gives which creates those are."""
        self._room.is_closed = True
        waited = 0.0
        while self._entries.unsettled() and waited < seconds:
            await self._sleep(_DRAIN_LOOK)
            waited += _DRAIN_LOOK
        self._is_over = True
        given_up = dict(self._making)
        for attempt in list(self._entries.attempts.values()):
            if not attempt.has_ended:
                self._end(attempt, refusals.process_ended(), is_its_outcome=False)
        return list(given_up.values())

    def owed(self) -> int:
        """Clients that only this process could serve when they come back: the store serves them all."""
        return 0

    def answering(self) -> int:
        """Clients that are there and have not been answered."""
        waiting = (each for each in self._entries.attempts.values() if each.state is WaiterState.WAITING)
        return sum(not attempt.is_gone for attempt in waiting)

    async def close(self) -> None:
        """Gives what is still to be written a moment."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._start(work)
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def _serve(self, attempt: Attempt[T], identity: CreateIdentity, make: Make[T]) -> None:
        """Finds or makes the attempt's create, and ends the attempt with its outcome."""
        try:
            await self._owners.be_alive()
            outcome: T | Exception | None = None
            while outcome is None:
                with self._room.take(identity.caller) as refusal:
                    stored = await self._claim(attempt, identity, refusal)
                    if not attempt.is_retry:
                        outcome = await self._make(attempt, identity, make, stored)
                if attempt.is_retry:
                    outcome = await self._wait(attempt)
            self._end(attempt, outcome)
        except StoreUnavailableError as error:
            self._end(attempt, refusals.store_unavailable(str(error)), is_its_outcome=False)
        except Exception as error:
            self._end(attempt, error)

    def _end(self, attempt: Attempt[T], outcome: T | Exception, is_its_outcome: bool = True) -> None:
        """The attempt has its answer. If that is not its create's outcome, its client is still owed that."""
        attempt.end(outcome)
        if not is_its_outcome:
            attempt.answered(delivered=False)
        elif attempt.state is not WaiterState.WAITING:
            self._answered(attempt)

    async def _claim(
        self, attempt: Attempt[T], identity: CreateIdentity, no_room: ApiError | None
    ) -> bytes | None:
        """Joins the create that is asked for (`is_retry`), or claims a new one. Gives what is stored then."""
        enter = partial(self._entries.enter, attempt=attempt, identity=identity, refusal=no_room)
        try:
            refusal, stored = await self._groups.change(attempt.key, enter)
        except StoreUnavailableError:
            # It may have been written: others would wait for it for as long as this process lives.
            self._in_any_case(attempt, lambda group: self._entries.drop(group, attempt))
            raise
        if refusal is not None:
            raise refusal
        return stored

    async def _make(
        self,
        attempt: Attempt[T],
        identity: CreateIdentity,
        make: Make[T],
        stored: bytes | None,
    ) -> T | Exception:
        """Makes the task of a create that is claimed, and writes its outcome. Runs to its end in any case."""

        is_claimed: bool | None = None

        async def sending() -> None:
            nonlocal is_claimed, stored
            if self._is_over:
                raise refusals.shutting_down()
            if is_claimed is not None:
                return  # another try of the same create
            try:
                is_claimed, stored = await self._groups.change(
                    attempt.key, lambda group: self._entries.set_sent(group, attempt), stored
                )
            except StoreUnavailableError as error:
                raise refusals.store_unavailable(str(error)) from error
            if not is_claimed:
                raise refusals.store_unavailable("the claim of this create is gone from the store")
            attempt.is_sent = True

        self._making[attempt] = identity
        outcome: T | Exception
        try:
            outcome = await make(sending)
        except Exception as error:
            outcome = error
        finally:
            del self._making[attempt]

        settle = partial(self._entries.settle, attempt=attempt, identity=identity, outcome=outcome)
        delivered = not attempt.is_gone
        try:
            await self._groups.change(attempt.key, settle, stored)
        except StoreUnavailableError:
            self._in_any_case(attempt, settle)
        attempt.stored = WaiterState.GOT if delivered else WaiterState.LEFT
        return outcome

    async def _wait(self, attempt: Attempt[T]) -> T | Exception | None:
        """The outcome of a create that another attempt began; None: it is gone, and nothing was made."""
        look, looks, was_sent = _FIRST_LOOK, 0, False
        while True:
            await self._sleep(look)
            look, looks = min(look * _LOOK_FACTOR, _LONGEST_LOOK), looks + 1
            create = (await self._groups.get(attempt.key)).find(attempt.create)
            if create is None:
                return refusals.create_lost() if was_sent else None
            if not create.runs:
                return self._codec.decode(create.outcome or b"")
            was_sent = create.phase is Phase.SENT
            if looks % _LOOKS_PER_CHECK == 0 and await self._owners.dead([create.owner]):
                await self._groups.change(attempt.key, lambda group: None)  # ends what the dead one had

    def _answered(self, attempt: Attempt[T]) -> None:
        """An attempt was answered, or its client left: the store is told where it does not know."""
        if attempt.has_ended:
            self._entries.attempts.pop(attempt.number, None)
        if attempt.create and attempt.stored is not attempt.state:
            attempt.stored = attempt.state
            self._in_any_case(attempt, lambda group: self._entries.tell(group, attempt))

    def _in_any_case(self, attempt: Attempt[T], change: Callable[[Group], object]) -> None:
        self._spawn(self._groups.change_in_any_case(attempt.key, change))

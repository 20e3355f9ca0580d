"""One attempt of one client at a create that processes share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from runway_videos.idempotency.in_flight_create import WaiterState


class Attempt[T]:
    """Waits for whatever create it asks for. `number` is its own in this process.

    `key` and `create` name the group and the create, once they are known. `stored` is the state that
    the store has of it. `is_sent`: its own create is sent, or is in the next moment. `answered` calls
    `changed`.
    """

    def __init__(
        self,
        number: int,
        count: int,
        key: str,
        gone: Callable[[], bool] | None,
        changed: Callable[[Attempt[T]], None],
    ) -> None:
        self.number = number
        self.count = count
        self.key = key
        self.create = ""
        self.is_retry = self.is_sent = False
        self.state = self.stored = WaiterState.WAITING
        self._gone = gone
        self._changed = changed
        self._ended = asyncio.Event()
        self._outcome: T | Exception | None = None

    async def outcome(self) -> T:
        """What came of the create; raises what it raised. Ending this wait does not end it."""
        try:
            await self._ended.wait()
        except asyncio.CancelledError:
            self.answered(delivered=False)
            raise
        assert self._outcome is not None
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome

    def end(self, outcome: T | Exception) -> None:
        """Its outcome is there. The first one counts."""
        if self._outcome is None:
            self._outcome = outcome
            self._ended.set()

    def answered(self, delivered: bool) -> None:
        """Whether the client was still there when its answer was ready. The first word counts."""
        if self.state is WaiterState.WAITING:
            self.state = WaiterState.GOT if delivered else WaiterState.LEFT
            self._gone = None  # it may hold the client's connection
            self._changed(self)

    @property
    def has_ended(self) -> bool:
        """Whether its outcome is there."""
        return self._outcome is not None

    @property
    def is_gone(self) -> bool:
        """Whether its client is seen to have left."""
        return self.state is WaiterState.LEFT or (self._gone is not None and self._gone())

"""What the service asks of whoever keeps creates, in this process's memory or in a shared store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from runway_videos.idempotency.in_flight_create import CreateIdentity, Make


class WaitsForCreate[T](Protocol):
    """One attempt of one client; see `create.Waiter` and `shared_attempt.Attempt`."""

    async def outcome(self) -> T: ...
    def answered(self, delivered: bool) -> None: ...


class KeepsCreates[T](Protocol):
    """See `creates.Creates` and `shared_creates.SharedCreates`."""

    @property
    def running(self) -> int: ...
    def start(self) -> None: ...
    def enter(
        self, identity: CreateIdentity, make: Make[T], gone: Callable[[], bool] | None = None
    ) -> WaitsForCreate[T]: ...
    async def drain(self, seconds: float) -> list[CreateIdentity]: ...
    def owed(self) -> int: ...
    def answering(self) -> int: ...
    async def close(self) -> None: ...

"""Who keeps what callers have made: this process's memory, or whatever else has this interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from runway_videos.budgets.usage import CallerUsage


class KeepsUsage(Protocol):
    """One `CallerUsage` for each caller."""

    async def change(self, caller: str, step: Callable[[CallerUsage], CallerUsage]) -> CallerUsage:
        """Replaces the caller's usage by what `step` makes of it, and gives that.

        No other change comes in between. `step` is pure, and may be called again; what it raises is
        raised, and then nothing has changed. Raises ApiError 503 where usage cannot be kept now.
        """

    async def settle(
        self, caller: str, step: Callable[[CallerUsage], CallerUsage], then: Callable[[], None]
    ) -> None:
        """The same for what has happened: it is kept as soon as it can be, and nothing is raised.

        `then` is called when it is kept.
        """

    async def close(self) -> None:
        """Gives what is still to be kept a moment."""


class UsageInMemory:
    """In this process alone: it begins with nothing at each start."""

    def __init__(self) -> None:
        self._callers: dict[str, CallerUsage] = {}

    async def change(self, caller: str, step: Callable[[CallerUsage], CallerUsage]) -> CallerUsage:
        changed = self._callers[caller] = step(self._callers.get(caller) or CallerUsage())
        return changed

    async def settle(
        self, caller: str, step: Callable[[CallerUsage], CallerUsage], then: Callable[[], None]
    ) -> None:
        await self.change(caller, step)
        then()

    async def close(self) -> None:
        pass

"""Creates that end when a test says so, on a clock and a loop of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from runway_videos.errors import ApiError
from runway_videos.events import VideoFacts
from runway_videos.idempotency.creates import CreateIdentity, Creates, Kept, Waiter
from runway_videos.idempotency.in_flight_create import Sending


class CreatesHarness:
    """Creates on a clock of their own; what was made ends when told."""

    def __init__(self, **kept: float) -> None:
        self.now = 1000.0
        limits = msgspec.convert({"records": 100, **kept}, Kept)
        self.creates: Creates[str] = Creates(lambda: self.now, may_have_made, limits)
        self.made: list[asyncio.Future[str]] = []

    async def make(self, sending: Sending) -> str:
        self.made.append(asyncio.get_running_loop().create_future())
        return await self.made[-1]

    def enter(
        self,
        retry: int = 0,
        key: str | None = None,
        fingerprint: bytes = b"equal",
        caller: str = "",
        gone: Callable[[], bool] | None = None,
    ) -> Waiter[str]:
        return self.creates.enter(
            CreateIdentity(
                caller, fingerprint, key, retry, VideoFacts(f"create {len(self.made)}", "", "", caller)
            ),
            self.make,
            gone,
        )

    async def end(self, number: int, outcome: str | Exception = "") -> None:
        await settle()
        if isinstance(outcome, Exception):
            self.made[number].set_exception(outcome)
        else:
            self.made[number].set_result(outcome or f"video {number}")
        await settle()

    async def lost(self, outcome: str | Exception = "", retry: int = 0) -> None:
        """A create whose answer found its client gone."""
        waiter = self.enter(retry)
        await settle()
        await self.end(len(self.made) - 1, outcome)
        waiter.answered(delivered=False)


def may_have_made(outcome: str | Exception) -> bool:
    return not isinstance(outcome, ApiError) or outcome.code == "unknown_outcome"


def refused() -> ApiError:
    return ApiError(400, "No.", code="runway_refused", retry=None, detail="why")


def unknown() -> ApiError:
    return ApiError(502, "A task may exist.", code="unknown_outcome", retry=False)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def busy() -> ApiError:
    return ApiError(503, "Later.", code="runway_overloaded")


type Test = Callable[[CreatesHarness], Awaitable[None]]


def with_creates(**kept: float) -> Callable[[Test], Callable[[], None]]:
    """The test with a harness of these limits, on a loop of its own."""

    def wrap(test: Test) -> Callable[[], None]:
        def run() -> None:
            async def start() -> None:
                await test(CreatesHarness(**kept))

            asyncio.run(start())

        run.__name__ = test.__name__
        return run

    return wrap


#: The test with a harness, on a loop of its own.
in_a_loop = with_creates()

"""A scenario, run against the service alone and counted: what was paid, what the clients got."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from faulty.inside import made_from, service_for
from faulty.paid import Paid
from faulty.scenarios import EXPECTED, Scenario
from faulty.server import FaultyRunway
from runway_videos.idempotency.creates import Creates
from runway_videos.operations.creates import Created
from runway_videos.upstream.client import RunwayClient
from runway_videos.upstream.timeouts import Timeouts

#: Makes the creates of a service from which a guard is taken out.
Without = Callable[[], Creates[Created]]
#: Makes the client of a service, as `Service` takes it.
Connect = Callable[[str, str | None, Timeouts], RunwayClient]


class Count(msgspec.Struct, frozen=True):
    """What came of a scenario. Sound: no task too many, no video too few."""

    asked: int
    tasks: int
    videos: int

    def sound(self, videos: int) -> bool:
        """Whether no more was paid than asked for, and the client has what it can have."""
        return self.tasks <= self.asked and self.videos == videos


def count(
    scenario: Scenario,
    runway: FaultyRunway,
    without: Without | None = None,
    connect: Connect = RunwayClient,
    paid: Paid = Paid.CREATE,
) -> Count:
    """Runs it."""
    asked, _, keys = EXPECTED[scenario]

    async def run() -> set[str | None]:
        service = service_for(runway, keys, without() if without else None, connect)
        try:
            return await scenario(await made_from(service, runway, paid), runway)
        finally:
            await service.close()

    videos = asyncio.run(run()) - {None}
    return Count(asked, len(runway.tasks("it")), len(videos))

"""Scenarios of paid calls; each returns the ids of the videos that its clients got."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from faulty import faults
from faulty.accounts import Operation
from faulty.faults import End, Fault
from faulty.inside import PaidService, ask, leaving_create, stock_create
from faulty.server import FaultyRunway
from runway_videos.errors import ApiError

Scenario = Callable[[PaidService, FaultyRunway], Awaitable[set[str | None]]]


async def lost_answer(proxy: PaidService, runway: FaultyRunway) -> set[str | None]:
    runway.account("a").plan(Operation.CREATE, faults.RESET_AFTER_TASK)
    runway.account("b").plan(Operation.CREATE, faults.RESET_AFTER_TASK)
    return {await stock_create(proxy, "it")}


async def error_after_the_task(proxy: PaidService, runway: FaultyRunway) -> set[str | None]:
    for key in "ab":
        runway.account(key).plan(Operation.CREATE, faults.bare(500, does=True))
    return {await stock_create(proxy, "it")}


async def gateway_page(proxy: PaidService, runway: FaultyRunway) -> set[str | None]:
    """The answer to a create that made its task is lost; a gateway says 502 in its place."""
    for key in "ab":
        runway.account(key).plan(Operation.CREATE, faults.bare(502, does=True))
    return {await stock_create(proxy, "it")}


async def firewall_page(proxy: PaidService, runway: FaultyRunway) -> set[str | None]:
    """A firewall puts its page in the place of the answer."""
    for key in "ab":
        runway.account(key).plan(Operation.CREATE, faults.bare(403, does=True))
    return {await stock_create(proxy, "it")}


async def no_credits(proxy: PaidService, runway: FaultyRunway) -> set[str | None]:
    runway.account("a").plan(Operation.CREATE, *[faults.CREDITS] * 3)
    return {await stock_create(proxy, "it")}


async def comes_back(proxy: PaidService, runway: FaultyRunway) -> set[str | None]:
    """While its create runs."""
    runway.account("a").plan(Operation.CREATE, faults.HELD)
    first = await leaving_create(proxy, runway, "it")
    again = asyncio.create_task(stock_create(proxy, "it", first_try=1))
    await asyncio.sleep(0)
    runway.account("a").release()
    await first
    return {await again}


async def comes_back_later(proxy: PaidService, runway: FaultyRunway) -> set[str | None]:
    """After its create has ended."""
    runway.account("a").plan(Operation.CREATE, faults.HELD)
    first = await leaving_create(proxy, runway, "it")
    runway.account("a").release()
    await first
    return {await stock_create(proxy, "it", first_try=1)}


async def comes_back_to_nothing(proxy: PaidService, runway: FaultyRunway) -> set[str | None]:
    """After the answer to its create was lost."""
    runway.account("a").plan(Operation.CREATE, Fault(End.RESET, holds=True))
    first = await leaving_create(proxy, runway, "it")
    runway.account("a").release()
    await first
    return {await stock_create(proxy, "it", first_try=1)}


async def request_is_cancelled(proxy: PaidService, runway: FaultyRunway) -> set[str | None]:
    """Whatever served the client ends before the create does."""
    runway.account("a").plan(Operation.CREATE, faults.HELD)
    first = await leaving_create(proxy, runway, "it")
    first.cancel()
    await asyncio.wait([first])
    again = asyncio.create_task(stock_create(proxy, "it", first_try=1))
    await asyncio.sleep(0)
    runway.account("a").release()
    return {await again}


async def same_key(proxy: PaidService, runway: FaultyRunway) -> set[str | None]:
    return {await stock_create(proxy, "it", key="mine") for _ in range(2)}


async def hang_up_is_not_seen(proxy: PaidService, runway: FaultyRunway) -> set[str | None]:
    """The client was there for all that is known, and comes back at once."""
    lost = await ask(proxy, proxy.call("it"))
    assert isinstance(lost, str)
    return {await stock_create(proxy, "it", first_try=1)}


async def refused_beside_an_equal_one(proxy: PaidService, runway: FaultyRunway) -> set[str | None]:
    """One of two equal creates is refused, and comes back while the other runs."""
    runway.account("a").plan(Operation.CREATE, faults.TOO_MANY, faults.HELD)
    refused = await ask(proxy, proxy.call("it"))
    assert isinstance(refused, ApiError)
    other = await leaving_create(proxy, runway, "it", gone=False)
    again = asyncio.create_task(stock_create(proxy, "it", first_try=1))
    await asyncio.sleep(0)
    runway.account("a").release()
    video = await other
    return {video if isinstance(video, str) else None, await again}


async def plain_retries(proxy: PaidService, runway: FaultyRunway) -> set[str | None]:
    """A client that sends again whatever is a 5xx, and does not count: `curl --retry 3`."""
    runway.account("a").plan(Operation.CREATE, *[faults.RESET_AFTER_TASK] * 4)
    videos: set[str | None] = set()
    for _ in range(4):
        got = await ask(proxy, proxy.call("it"))
        videos.add(got if isinstance(got, str) else None)
        if isinstance(got, str) or got.status < 500:
            break
    return videos


async def dead_connections(proxy: PaidService, runway: FaultyRunway) -> set[str | None]:
    """Two creates in a row; Runway has closed the connection of the first."""
    runway.drops_used = True
    return {await stock_create(proxy, "it"), await stock_create(proxy, "it")}


#: Creates that are asked for, videos that the client can get, keys.
EXPECTED: dict[Scenario, tuple[int, int, int]] = {
    lost_answer: (1, 0, 2),
    error_after_the_task: (1, 0, 2),
    gateway_page: (1, 0, 2),
    firewall_page: (1, 0, 2),
    no_credits: (1, 1, 2),
    comes_back: (1, 1, 1),
    comes_back_later: (1, 1, 1),
    comes_back_to_nothing: (1, 0, 1),
    request_is_cancelled: (1, 1, 1),
    same_key: (1, 1, 1),
    hang_up_is_not_seen: (1, 1, 1),
    refused_beside_an_equal_one: (2, 2, 1),
    plain_retries: (1, 0, 1),
    dead_connections: (2, 2, 1),
}

#: Videos that the client can get where the second key may not be asked: it has not what they are of.
EXPECTED_ALONE: dict[Scenario, int] = {no_credits: 0}

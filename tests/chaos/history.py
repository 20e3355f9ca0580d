"""Runs one history: the stand-in, the clients, the processes, and what is done to them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import msgspec

from chaos.client import Client
from chaos.fleet import Fleet
from chaos.hooks import Hooks
from chaos.plan import Plan, TimedBlow, Wish
from chaos.records import History, Trace
from chaos.standin import StandIn
from chaos.stores import open_store

#: Clients at once, and over how many seconds for each of a hundred wishes their creates begin.
AT_ONCE = 24
SECONDS_PER_WISH = 0.05
#: No create comes for so long: none is on its way any more.
QUIET_SECONDS, LONGEST_QUIET_SECONDS = 3.2, 25.0
#: What a webhook has not been told until then it never is: longer than what a dead replica had to tell takes.
TOLD_SECONDS = 12.0


class Setting(msgspec.Struct, frozen=True):
    """`store`: one of `stores.NAMES`. `duplicates` makes the stand-in charge twice at times.

    `without`: a guard that is taken out of the addon.
    """

    processes: int = 1
    store: str = "memory"
    duplicates: bool = False
    without: str = ""


async def run(plan: Plan, setting: Setting, folder: Path, ca: Path) -> History:
    """What happened. `folder` is empty; `ca` a confdir with mitmproxy's CA."""
    begun = time.monotonic()
    trace = Trace(begun)
    runway = StandIn(plan.scripts, trace, setting.duplicates)
    await runway.start(setting.processes)
    store = open_store(setting.store, folder, setting.processes)
    hooks = Hooks(f"{plan.kind}/{plan.number}", plan.hooks or 0.0, trace)
    await hooks.start()
    webhooks = [] if plan.hooks is None else hooks.options()
    fleet = Fleet(folder, ca, plan, runway.urls, trace, store, setting.without, webhooks)
    runway.blow = fleet.strike
    try:
        clients = await _happen(plan, fleet, runway, hooks, trace)
    finally:
        await fleet.abandon()
        await runway.stop()
        await hooks.stop()
    return History(
        plan.kind,
        plan.number,
        [client.story for client in clients],
        runway.tasks,
        fleet.lives,
        fleet.upsets,
        trace.lines,
        runway.creates,
        time.monotonic() - begun,
        setting.store,
        plan.limits,
        fleet.audits,
        plan.hooks is not None,
        hooks.events,
    )


async def _upset(upset: TimedBlow, length: float, fleet: Fleet, processes: int) -> None:
    await asyncio.sleep(upset.at * length)
    await fleet.strike(upset.blow, upset.process % processes)


async def _happen(plan: Plan, fleet: Fleet, runway: StandIn, hooks: Hooks, trace: Trace) -> list[Client]:
    await fleet.start()
    reloads = asyncio.create_task(fleet.reload(plan.reload_seconds)) if plan.reload_seconds else None
    clients = [Client(wish, fleet.port, fleet.ports, runway.moment, trace) for wish in plan.wishes]
    places = asyncio.Semaphore(AT_ONCE)
    started = time.monotonic()
    length = len(plan.wishes) * SECONDS_PER_WISH
    upsets = [asyncio.create_task(_upset(upset, length, fleet, len(runway.urls))) for upset in plan.upsets]

    async def live(wish: Wish, client: Client) -> None:
        due = started + wish.starts * length
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        async with places:
            if wish.waits_for_proxy:
                await fleet.up.wait()
            await client.run()

    await asyncio.gather(*map(live, plan.wishes, clients))
    if reloads is not None:
        reloads.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reloads
    await asyncio.gather(*upsets)
    await fleet.settle()
    runway.calm()

    async def settle(client: Client) -> None:
        async with places:
            await client.settle()

    await asyncio.gather(*map(settle, clients))
    if any(not client.story.video for client in clients):
        # Creates whose client has left go on, with waits between their tries.
        await runway.quiet(QUIET_SECONDS, LONGEST_QUIET_SECONDS)
    if plan.hooks is not None:
        await hooks.told([client.story.video for client in clients if client.ended], TOLD_SECONDS)
    await fleet.stop()
    return clients

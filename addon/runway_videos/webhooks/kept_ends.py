"""Who keeps the ends of videos: this process's memory, or a store that it shares with others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from runway_videos.config.store_option import StoreOption
from runway_videos.store.owners import Owners
from runway_videos.store.shared_state import SharedState
from runway_videos.webhooks.ends_in_store import EndsInStore
from runway_videos.webhooks.hook_state import HookState
from runway_videos.webhooks.keeping import Deliver, EndsInMemory, EventOf, Follow, KeepsEnds

_DAY = 24 * 3600.0

#: Makes the keeper for the webhook at an address.
type Keep = Callable[[str, Deliver, Follow, EventOf], KeepsEnds]


def in_memory(url: str, deliver: Deliver, follow: Follow, event_of: EventOf) -> KeepsEnds:
    """One process alone."""
    return EndsInMemory(deliver, event_of)


def kept_ends(
    state: SharedState | None,
    owners: Owners | None,
    option: StoreOption,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Keep:
    """Ends in `state`; in memory where there is none."""
    if state is None or owners is None:
        return in_memory

    def keep(url: str, deliver: Deliver, follow: Follow, event_of: EventOf) -> KeepsEnds:
        found = HookState(state, url, option.days * _DAY)
        return EndsInStore(found, owners, deliver, follow, event_of, sleep)

    return keep

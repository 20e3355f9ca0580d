"""Who keeps creates: this process's memory, or a store that it shares with others."""

from __future__ import annotations

import time
from collections.abc import Callable

from runway_videos import events
from runway_videos.events import Events
from runway_videos.idempotency import refusals
from runway_videos.idempotency.creates import Creates, may_have_made
from runway_videos.idempotency.interface import KeepsCreates
from runway_videos.idempotency.outcomes import OutcomeCodec
from runway_videos.idempotency.shared_creates import SharedCreates
from runway_videos.operations.creates import Created
from runway_videos.store.owners import Owners
from runway_videos.store.watched_state import WatchedState


def kept_creates(
    state: WatchedState | None,
    owners: Owners | None,
    sinks: Events,
    clock: Callable[[], float] = time.monotonic,
) -> KeepsCreates[Created]:
    """Creates in `state`; in memory where there is none. `clock` as `Runtime` has it."""
    if state is None or owners is None:
        return Creates(clock, may_have_made)
    creates = SharedCreates(
        state,
        owners,
        OutcomeCodec(Created, refusals.fault),
        may_have_made,
        state.now,
        died=lambda create: sinks.emit(events.CreateAbandoned(create.about)),
    )
    owners.when_data_is_lost(creates.write_again)
    return creates

"""Log lines of calls that were refused, of the store, and of changed keys."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from runway_videos import events
from runway_videos.events import Event
from runway_videos.logs import escaped
from runway_videos.openai.routes import Operation


def _refused(event: events.CallRefused) -> tuple[int, str]:
    """Failures as warnings, a client's mistakes as information."""
    error, route = event.error, event.route
    level = logging.WARNING if error.status >= 500 or error.detail else logging.INFO
    what = route.name if route.operation is Operation.UNSUPPORTED else route.operation.value
    detail = f" ({escaped(error.detail, 500)})" if error.detail else ""
    caller = f", caller {event.caller}" if event.caller else ""
    who = f" (from {event.peer}{caller})" if event.peer else ""
    return level, f"{what} refused, {error.status}: {escaped(error.message, 500)}{detail}{who}"


def _cut(event: events.ConnectionCut) -> tuple[int, str]:
    what = escaped(f"{event.method} {event.path.partition('?')[0]}")
    error = event.error
    text = escaped(error.message, 500)
    return logging.WARNING, f"cut off {what} from {event.peer}, {error.status}: {text}"


def _other_refused(event: events.OtherTrafficRefused) -> tuple[int, str]:
    status, text = event.error.status, escaped(event.error.message, 500)
    verb = "failed" if status >= 500 else "refused"
    return logging.WARNING, f"{verb} {escaped(event.what)} from {event.peer}, {status}: {text}"


def _tls_to_plain_port(event: events.TlsToPlainPort) -> tuple[int, str]:
    text = f"{event.peer} speaks TLS to this proxy: its base URL or proxy must be http://{event.address}"
    return logging.WARNING, text


def _store_away(event: events.StoreAway) -> tuple[int, str]:
    if event.problem is None:
        return logging.WARNING, "the store is back: creates are taken again"
    return logging.ERROR, f"the store cannot be reached, creates are refused: {escaped(event.problem)}"


def _store_may_lose(event: events.StoreMayLose) -> tuple[int, str]:
    return logging.WARNING, f"runway_store: {escaped(event.problem)}"


def _store_lost_data(event: events.StoreLostData) -> tuple[int, str]:
    return logging.ERROR, (
        "the store has lost what it held: retries of creates that had ended are new ones; see its persistence"
    )


def _keys_changed(event: events.KeysChanged) -> tuple[int, str]:
    words = (("posted", event.posted), ("taken away", event.taken))
    parts = [f"{word} {', '.join(names)}" for word, names in words if names]
    parts += [f"{name} has the weight {weight:g}" for name, weight in event.weights]
    return logging.WARNING, f"keys changed in memory: {'; '.join(parts) or 'as they were'}; now {event.now}"


def _keys_held(event: events.KeysHeld) -> tuple[int, str]:
    return logging.WARNING, (
        f"runway_keys: what was changed in memory goes before the file until the process ends: "
        f"{', '.join(event.names)}"
    )


# By event: the level and the text of its line ("": no line).
LINES: Mapping[type[Event], Callable[[Any], tuple[int, str]]] = {
    events.CallRefused: _refused,
    events.ConnectionCut: _cut,
    events.OtherTrafficRefused: _other_refused,
    events.TlsToPlainPort: _tls_to_plain_port,
    events.StoreAway: _store_away,
    events.StoreMayLose: _store_may_lose,
    events.StoreLostData: _store_lost_data,
    events.KeysChanged: _keys_changed,
    events.KeysHeld: _keys_held,
}

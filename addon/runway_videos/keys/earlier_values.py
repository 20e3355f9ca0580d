"""Values that keys had before they were rotated while the process runs: ids of videos were sealed by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runway_videos.keys.pool import Key

#: Values that are remembered of one name, the newest: each is tried for every id that comes.
MAX_VALUES = 10


def earlier_values(
    known: Mapping[str, tuple[str, ...]], before: Iterable[Key], after: Iterable[Key]
) -> dict[str, tuple[str, ...]]:
    """The earlier values by name, once `after` takes the place of `before`. Also of keys that are gone."""
    values = dict(known)
    new = {key.name: key.value for key in after}
    for key in before:
        if new.get(key.name) != key.value:
            older = (each for each in values.get(key.name, ()) if each != key.value)
            values[key.name] = (key.value, *older)[:MAX_VALUES]
    return values

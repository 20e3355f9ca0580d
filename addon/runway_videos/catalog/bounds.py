"""`bounds.json` laid onto the SDK's schemas. Used by `generate.py` only.

Every entry names models by pattern, a field by path, and what is to be set there. An entry that
fits nothing is an error: the SDK moved and the file has to follow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from runway_videos.catalog import Schema
from runway_videos.catalog.sdk_types import MODES, Stale

# Which node a limit belongs to, so that a limit at a union lands on the right alternative.
_LIMITS = {
    "minimum": ("integer", "number"),
    "maximum": ("integer", "number"),
    "minLength": ("string",),
    "maxLength": ("string",),
    "minItems": ("array",),
    "maxItems": ("array",),
}

Modes = dict[str, dict[str, dict[str, Any]]]


def lay_on_schemas(bounds: dict[str, Any], modes: Modes) -> None:
    """Limits, and the shapes of items that the SDK calls `object`."""
    for entry in bounds["open_items"]:
        nodes = [n for n in _nodes_for(entry, modes) if n.get("items", {}).get("open")]
        _must_fit(entry, nodes)
        for node in nodes:
            node["items"] = entry["items"]
    for entry in bounds["figures"]:
        hits = [_set_limits(node, entry["set"]) for node in _nodes_for(entry, modes)]
        _must_fit(entry, [hit for hit in hits if hit])


def lay_on_rows(bounds: dict[str, Any], modes: Modes) -> None:
    """What a row says beside its schema: size, duration, and rules between fields."""
    for entry in bounds["sizes"]:
        rows = list(_rows_for(entry, modes))
        _must_fit(entry, rows)
        for row in rows:
            row["size"] |= entry["set"]
    for entry in bounds["durations"]:
        rows = [row for row in _rows_for(entry, modes) if row["durations"]]
        _must_fit(entry, rows)
        for row in rows:
            del row["durations"]["assumed"]  # there is something better to go by
            row["durations"] |= entry["set"]
    for entry in bounds["rules"]:
        rows = list(_rows_for(entry, modes))
        _must_fit(entry, rows)
        rule = {name: entry[name] for name in entry if name not in ("models", "modes", "from")}
        for row in rows:
            row.setdefault("rules", []).append(rule)


def _rows_for(entry: dict[str, Any], modes: Modes) -> Iterator[dict[str, Any]]:
    for mode in entry.get("modes", MODES):
        for model, row in modes[mode].items():
            if any(fnmatchcase(model, pattern) for pattern in entry["models"]):
                yield row


def _nodes_for(entry: dict[str, Any], modes: Modes) -> Iterator[Schema]:
    steps = entry["at"].replace("[]", ".[]").split(".")
    for row in _rows_for(entry, modes):
        yield from _nodes_at(row["schema"], steps)


def _nodes_at(schema: Schema, steps: list[str]) -> Iterator[Schema]:
    """Every node at a path such as `keyframes`, `[]`, `range`; through unions."""
    for option in schema.get("anyOf", ()):
        yield from _nodes_at(option, steps)
    if not steps:
        yield schema
    elif steps[0] == "[]":
        if "items" in schema:
            yield from _nodes_at(schema["items"], steps[1:])
    elif steps[0] in schema.get("properties", {}):
        yield from _nodes_at(schema["properties"][steps[0]], steps[1:])


def _set_limits(node: Schema, limits: dict[str, int]) -> bool:
    if not {"anyOf", "media", "const", "enum"}.isdisjoint(node):
        return False
    fitting = {limit: n for limit, n in limits.items() if node["type"] in _LIMITS[limit]}
    node |= fitting
    return bool(fitting)


def _must_fit(entry: dict[str, Any], hits: list[Any]) -> None:
    if not hits:
        raise Stale(f"bounds.json: nothing in the SDK fits {json.dumps(entry)}")

"""What a refresh of the catalog changed, a line for each model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# Rows by mode and model, as `catalog.json` has them.
type _Modes = dict[str, dict[str, dict[str, Any]]]


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """One line for each model of a mode that is new, gone or otherwise, the SDK's version last."""
    lines = list(_changed_models(old.get("modes", {}), new["modes"]))
    if old.get("sdk") != new["sdk"]:
        lines.append(f"runwayml {old.get('sdk', '(none)')} -> {new['sdk']}")
    return lines


def count_of(catalog: dict[str, Any]) -> int:
    """How many models there are, whatever their modes."""
    return len({model for rows in catalog["modes"].values() for model in rows})


def _changed_models(old: _Modes, new: _Modes) -> Iterator[str]:
    for mode in dict.fromkeys((*old, *new)):
        before, after = old.get(mode, {}), new.get(mode, {})
        for model in dict.fromkeys((*before, *after)):
            if model not in before:
                yield f"+ {model} in {mode}"
            elif model not in after:
                yield f"- {model} in {mode}"
            elif before[model] != after[model]:
                yield f"  {model} in {mode}: {', '.join(_changed_parts(before[model], after[model]))}"


def _changed_parts(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """The fields that differ, and other parts of a row by their names."""
    old, new = before["schema"], after["schema"]
    yield from _different(old["properties"], new["properties"])
    yield from _different(old | {"properties": {}}, new | {"properties": {}})
    yield from _different(before | {"schema": {}}, after | {"schema": {}})


def _different(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Names that differ, with + for a new one and - for one that is gone."""
    for name in dict.fromkeys((*before, *after)):
        if name not in before:
            yield f"+{name}"
        elif name not in after:
            yield f"-{name}"
        elif before[name] != after[name]:
            yield name

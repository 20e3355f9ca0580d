"""The installed Runway SDK beside the one that the catalog was made from."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from runway_videos.catalog import load

INSTALLED: str = importlib.import_module("runwayml").__version__
IS_THE_CATALOGS = load().sdk == INSTALLED

#: The lock has the catalog's SDK. What another one adds is no fault of this project: `moved` says it.
needs_the_catalogs_sdk = pytest.mark.skipif(
    not IS_THE_CATALOGS, reason=f"the catalog is of runwayml {load().sdk}, installed is {INSTALLED}"
)


def moved(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """One line a model or field that only one of two catalogs has, or that they describe differently."""
    for mode in sorted({*old["modes"], *new["modes"]}):
        before, after = old["modes"].get(mode, {}), new["modes"].get(mode, {})
        yield from _one_sided(mode, before, after)
        for model in before.keys() & after.keys():
            fields, now = (rows[model]["schema"]["properties"] for rows in (before, after))
            where = f"{mode} {model}"
            yield from _one_sided(where, fields, now)
            for field in sorted(fields.keys() & now.keys()):
                if fields[field] != now[field]:
                    yield f"{where}: {field} was {fields[field]}, is {now[field]}"


def _one_sided(where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(old.keys() ^ new.keys()):
        yield f"{where}: {name} is {'gone' if name in old else 'new'}"

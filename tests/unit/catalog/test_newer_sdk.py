"""A newer SDK than the catalog's is no failure, and what it has otherwise is said."""

from __future__ import annotations

import copy
import json
import warnings

import pytest

from runway_videos.catalog import HERE
from runway_videos.catalog.generate import CATALOG, build
from unit.sdk import INSTALLED, IS_THE_CATALOGS, moved

pytestmark = pytest.mark.dependencies

CURRENT = json.loads(CATALOG.read_text(encoding="utf-8"))


def test_what_the_installed_sdk_has_otherwise_is_said() -> None:
    bounds = json.loads((HERE / "bounds.json").read_text(encoding="utf-8"))
    try:
        lines = list(moved(CURRENT, build(bounds)))
    except Exception as problem:
        # Types of a form that the script does not know: its business when the catalog is refreshed.
        if IS_THE_CATALOGS:
            raise
        lines = [f"the catalog's script cannot read its types: {problem!r}"]
    if IS_THE_CATALOGS:
        assert lines == []
    elif lines:
        warnings.warn(f"runwayml {INSTALLED} has otherwise:\n" + "\n".join(lines), stacklevel=1)


def test_new_models_and_fields_are_named_and_so_are_those_that_went() -> None:
    new = copy.deepcopy(CURRENT)
    rows = new["modes"]["text_to_video"]
    rows["gen9"] = rows.pop("gen4.5")
    fields = rows["seedance2"]["schema"]["properties"]
    fields["seed"] = {"type": "string"}
    fields["mood"] = fields.pop("audio")
    old = CURRENT["modes"]["text_to_video"]["seedance2"]["schema"]["properties"]["seed"]
    assert list(moved(CURRENT, CURRENT)) == []
    assert sorted(moved(CURRENT, new)) == [
        "text_to_video seedance2: audio is gone",
        "text_to_video seedance2: mood is new",
        f"text_to_video seedance2: seed was {old}, is {{'type': 'string'}}",
        "text_to_video: gen4.5 is gone",
        "text_to_video: gen9 is new",
    ]

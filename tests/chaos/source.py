"""The copy of the addon that a history runs: its times are shorter, and a guard may be taken out of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from chaos.limits import EXPECTED, SECONDS
from running import ADDON


class Edit(msgspec.Struct, frozen=True):
    """Other words in a file below `addon/`, in the place of what is there once."""

    file: str
    old: str
    new: str


#: A process is taken for dead sooner: here all is quicker.
LEASE_SECONDS = 3.0
_HOOKS = "runway_videos/webhooks/"
_OWNERS = "runway_videos/store/owners.py"
_TIMES = (
    Edit(_OWNERS, "LEASE_SECONDS = 10.0", f"LEASE_SECONDS = {LEASE_SECONDS}"),
    Edit(_OWNERS, "BEAT_SECONDS = 2.5", "BEAT_SECONDS = 0.7"),
    Edit(
        _HOOKS + "delivery.py",
        "FIRST_WAIT, LONGEST_WAIT = 3600.0, 5.0, 600.0",
        "FIRST_WAIT, LONGEST_WAIT = 3600.0, 0.3, 600.0",
    ),
    Edit(_HOOKS + "sink.py", "LOOK_SECONDS = 2.5", "LOOK_SECONDS = 0.5"),
)

#: What protects a payment or an event, by name: `--without` takes one out, and the checker must find it.
GUARDS: Mapping[str, Edit] = {
    "sent": Edit(
        "runway_videos/idempotency/shared_creates.py",
        "if is_claimed is not None:",
        "if True:",
    ),
    "claim": Edit(
        "runway_videos/idempotency/group_entries.py",
        "        found = self._find(group, identity)\n",
        "        found = None\n",
    ),
    "budget": Edit(
        "runway_videos/budgets/budgets.py",
        "            refusals.check(caller, limits, usage, credits, now)\n",
        "",
    ),
    "again": Edit(_HOOKS + "delivery.py", "        if not problem:\n", "        if True:\n"),
}
_PRICES = "runway_videos/catalog/prices.json"


def copy_source(folder: Path, models: Iterable[str], without: str = "") -> Path:
    """The copy's script, in `folder`, whose price list has these models; `without` one of `GUARDS`."""
    shutil.copytree(ADDON.parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for edit in (*_TIMES, *([GUARDS[without]] if without else [])):
        file = folder / edit.file
        text = file.read_text()
        assert text.count(edit.old) == 1, edit
        file.write_text(text.replace(edit.old, edit.new))
    prices = json.loads((folder / _PRICES).read_text())
    known = {"credits": EXPECTED / SECONDS, "source": "chaos", "date": "2026-11"}
    prices["figures"] += [{"model": model, **known} for model in models]
    (folder / _PRICES).write_text(json.dumps(prices))
    return folder / ADDON.name

"""Write `catalog.json` from the installed runwayml SDK's types and the figures in `bounds.json`.

    PYTHONPATH=addon python -m runway_videos.catalog.generate            # refresh
    PYTHONPATH=addon python -m runway_videos.catalog.generate --check    # fail on any difference

The SDK says which fields each model takes per mode, their types and which are required;
`bounds.json` adds the limits that types cannot say. A line of it that fits no model stops the
run, and so does a field with files whose kind it does not name: a new SDK is noticed.
The table of models in MODELS.md, between its two marker comments, is written by the same run,
with the prices of `prices.json`.
"""

from __future__ import annotations

import argparse
import datetime
import difflib
import json
import re
import sys
from pathlib import Path
from typing import Any

from runway_videos.catalog import HERE, Schema, price_list
from runway_videos.catalog.bounds import Modes, lay_on_rows, lay_on_schemas
from runway_videos.catalog.changes import changes, count_of
from runway_videos.catalog.models_table import with_table
from runway_videos.catalog.sdk_types import MODES, Stale, body_schema, sdk_version, variants

CATALOG = HERE / "catalog.json"
MODELS = HERE / "MODELS.md"
_WIDTH = 100


def build(bounds: dict[str, Any]) -> dict[str, Any]:
    """The whole catalog, without its date."""
    media = bounds["media"]
    modes: Modes = {
        mode: {model: {"schema": body_schema(t, media)} for model, t in variants(mode).items()}
        for mode in MODES
    }
    lay_on_schemas(bounds, modes)
    for rows in modes.values():
        for row in rows.values():
            properties, required = row["schema"]["properties"], row["schema"]["required"]
            for part, kind in (("picture", "image"), ("video", "video")):
                row[part] = next((name for name in required if media.get(name) == kind), None)
            row["size"] = _size_of(properties)
            row["durations"] = _durations_of(properties, bounds["assumed_seconds"])
    lay_on_rows(bounds, modes)
    return {"sdk": sdk_version(), "openapi": bounds["openapi"], "media": media, "modes": modes}


def _size_of(properties: Schema) -> dict[str, Any]:
    """How the model wants to be told the frame size; see the reader's `Size`."""
    ratios = properties.get("ratio", {}).get("enum", [])
    resolution = properties.get("resolution", {})
    tiers = [t for t in resolution.get("enum", []) if t not in resolution.get("deprecated", [])]
    values = [ratio for ratio in ratios if re.fullmatch(r"\d+:\d+", ratio)]
    auto = [ratio for ratio in ratios if ratio.startswith("auto_")]
    how = (
        "aspect" if values and tiers
        else "ratio" if values
        else "resolution" if tiers
        else "auto" if auto
        else "none"
    )  # fmt: skip
    lists = {"values": values, "tiers": tiers, "auto": auto}
    return {"how": how} | {name: found for name, found in lists.items() if found}


def _durations_of(properties: Schema, assumed: int) -> dict[str, Any] | None:
    """The legal seconds; see the reader's `Durations`."""
    if "duration" not in properties:
        return None
    node = properties["duration"]
    options = node.get("anyOf", [node])
    word = {"auto": True} if any(option.get("const") == "auto" for option in options) else {}
    number = next(option for option in options if option["type"] == "integer")
    if "enum" in number:
        return {"values": number["enum"], **word}
    least = {"min": number.get("minimum", 1)}
    most = {"max": number["maximum"]} if "maximum" in number else {"assumed": assumed}
    return {**least, **most, **word}


def text_of(value: Any, indent: int = 0) -> str:
    """JSON in which a plain list, or whatever fits, stands on one line: a change reads as one."""
    line = json.dumps(value, ensure_ascii=False)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    plain = isinstance(value, list) and not any(isinstance(item, dict | list) for item in value)
    if not inner or plain or len(line) + indent <= _WIDTH:
        return line
    if isinstance(value, list):
        opening, closing, parts = "[", "]", [text_of(item, indent + 1) for item in value]
    else:
        opening, closing = "{", "}"
        parts = [f"{json.dumps(k)}: {text_of(v, indent + 1)}" for k, v in value.items()]
    pad = "\n" + " " * (indent + 1)
    return f"{opening}{pad}{f',{pad}'.join(parts)}\n{' ' * indent}{closing}"


def dated(catalog: dict[str, Any], old_text: str, today: str) -> dict[str, Any]:
    """With the date of the last change: the old file's when nothing else would differ."""
    old: dict[str, Any] = json.loads(old_text) if old_text else {}
    date = old.pop("generated", today)
    return {"generated": date if old == catalog else today} | catalog


def main(argv: list[str] | None = None, catalog: Path = CATALOG, readme: Path = MODELS) -> int:
    parser = argparse.ArgumentParser(prog="python -m runway_videos.catalog.generate")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    check = parser.parse_args(argv).check
    bounds = json.loads((HERE / "bounds.json").read_text(encoding="utf-8"))
    before = catalog.read_text(encoding="utf-8") if catalog.exists() else ""
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    try:
        content = dated(build(bounds), before, today)
    except Stale as problem:
        print(problem, file=sys.stderr)
        return 1
    files = [(catalog, before, text_of(content) + "\n")]
    if readme.exists():
        text = readme.read_text(encoding="utf-8")
        files.append((readme, text, with_table(text, content, price_list.load())))
    differences = [_settle(*file, check=check) for file in files]
    if not check:
        lines = changes(json.loads(before) if before else {}, content)
        print("\n".join([*lines, f"{count_of(content)} models, {'changed' if lines else 'unchanged'}"]))
    return 1 if check and any(differences) else 0


def _settle(path: Path, before: str, after: str, *, check: bool) -> bool:
    """Write the file, or in a check say what differs. True where it differed."""
    if before == after:
        return False
    if check:
        lines = difflib.ndiff(before.splitlines(), after.splitlines())
        first = next(line for line in lines if line[0] in "+-" and '"generated"' not in line)
        print(f"{path.name} is not what the installed SDK gives: {first}", file=sys.stderr)
    else:
        path.write_text(after, encoding="utf-8")
        print(f"wrote {path.name}")
    return True


if __name__ == "__main__":
    sys.exit(main())

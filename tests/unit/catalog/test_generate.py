"""The catalog in the repository is what its SDK gives, and the script is dependable."""

from __future__ import annotations

import ast
import inspect
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runway_videos.catalog import HERE, load
from runway_videos.catalog.bounds import lay_on_schemas
from runway_videos.catalog.generate import CATALOG, build, dated, main, text_of
from runway_videos.catalog.sdk_types import MODES, Stale, body_schema, variants
from unit.sdk import needs_the_catalogs_sdk

pytestmark = needs_the_catalogs_sdk

BOUNDS = json.loads((HERE / "bounds.json").read_text(encoding="utf-8"))


def test_the_catalog_is_what_the_installed_sdk_gives() -> None:
    current = json.loads(CATALOG.read_text(encoding="utf-8"))
    built = build(BOUNDS)
    # Row by row, so that a new model is named rather than buried in a difference of 90 kB.
    for mode in MODES:
        assert list(current["modes"][mode]) == list(built["modes"][mode])
        for model, row in built["modes"][mode].items():
            assert current["modes"][mode][model] == row, f"{model} in {mode}"
    current.pop("generated")
    assert current == built


def test_check_passes_on_the_repository(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err


def test_check_names_a_difference_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "catalog.json"
    copy.write_text(CATALOG.read_text().replace('"maxLength": 3500', '"maxLength": 3400'))
    before = copy.read_text()
    assert main(["--check"], catalog=copy, readme=tmp_path / "none") == 1
    assert "catalog.json is not what the installed SDK gives" in capsys.readouterr().err
    assert copy.read_text() == before


def test_writing_twice_writes_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "catalog.json"
    shutil.copy(CATALOG, copy)
    assert main([], catalog=copy, readme=tmp_path / "none") == 0
    assert copy.read_bytes() == CATALOG.read_bytes()
    assert capsys.readouterr().out == f"{len(load().models())} models, unchanged\n"


def test_writing_says_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "catalog.json"
    old = json.loads(CATALOG.read_text())
    del old["modes"]["text_to_video"]["gen4.5"]
    copy.write_text(json.dumps(old))
    assert main([], catalog=copy, readme=tmp_path / "none") == 0
    assert capsys.readouterr().out.splitlines() == [
        "wrote catalog.json",
        "+ gen4.5 in text_to_video",
        f"{len(load().models())} models, changed",
    ]


def test_the_date_moves_only_with_the_content() -> None:
    content: dict[str, Any] = {"sdk": "1", "modes": {}}
    old = text_of({"generated": "2026-01-01", **content})
    assert dated(content, old, "2026-02-02")["generated"] == "2026-01-01"
    assert dated(content | {"sdk": "2"}, old, "2026-02-02")["generated"] == "2026-02-02"
    assert dated(content, "", "2026-02-02")["generated"] == "2026-02-02"


def test_the_readme_table_is_written_between_its_markers(tmp_path: Path) -> None:
    copy, readme = tmp_path / "catalog.json", tmp_path / "README.md"
    shutil.copy(CATALOG, copy)
    readme.write_text("# A\n\n<!-- models:begin -->\nold\n<!-- models:end -->\n\nafter\n")
    assert main(["--check"], catalog=copy, readme=readme) == 1
    assert main([], catalog=copy, readme=readme) == 0
    text = readme.read_text()
    assert text.startswith("# A\n\n<!-- models:begin -->\n| mode | model |")
    assert text.endswith("|\n<!-- models:end -->\n\nafter\n")
    assert "old" not in text
    assert main(["--check"], catalog=copy, readme=readme) == 0


def test_a_figure_that_fits_nothing_is_named() -> None:
    modes: Any = {mode: {} for mode in MODES}
    entry = {"models": ["gen9"], "at": "seed", "set": {"minimum": 0}}
    with pytest.raises(Stale, match="gen9"):
        lay_on_schemas({"open_items": [], "figures": [entry]}, modes)


def test_a_file_field_of_unknown_kind_is_named() -> None:
    media = {name: kind for name, kind in BOUNDS["media"].items() if name != "referenceAudio"}
    with pytest.raises(Stale, match="referenceAudio"):
        body_schema(variants("text_to_video")["seedance2"], media)


def docstrings(typed_dict: Any) -> Iterator[tuple[str, str]]:
    """Field → the text under it in the SDK's source."""
    (tree,) = ast.parse(inspect.getsource(typed_dict)).body
    assert isinstance(tree, ast.ClassDef)
    for field, text in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            assert isinstance(field.target, ast.Name)
            assert isinstance(text.value, ast.Constant)
            yield field.target.id, str(text.value.value)


def test_the_kinds_of_media_are_those_that_the_sdk_describes() -> None:
    checked = 0
    for mode in MODES:
        for model, typed_dict in variants(mode).items():
            for name, text in docstrings(typed_dict):
                head, *tail = name.split("_")
                wire = head + "".join(part.title() for part in tail)
                for kind in ("image", "video", "audio"):
                    if f"containing an encoded {kind}" in text:
                        checked += 1
                        assert load().media[wire] == kind, f"{model} {name}"
    assert checked > 10

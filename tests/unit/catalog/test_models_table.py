from __future__ import annotations

import json

from runway_videos.catalog.generate import CATALOG
from runway_videos.catalog.models_table import BEGIN, END, table, with_table

DATA = json.loads(CATALOG.read_text(encoding="utf-8"))


def test_one_row_for_each_mode_and_model() -> None:
    lines = table(DATA).splitlines()
    assert len(lines) == 2 + sum(len(rows) for rows in DATA["modes"].values())
    assert {line.count("|") for line in lines} == {7}
    assert "| text to video | `gen4.5` | 1280x720, 720x1280 | 2–10 |  | yes |" in lines
    assert "| image to video | `kling2.5_turbo_pro` | as the input | 5, 10 |  |  |" in lines
    assert "| video to video | `aleph2` | as the input | as the input |  | yes |" in lines
    assert "| text to video | `h3_max` | 480p or 768p | about 5–15 |  | yes |" in lines
    assert any(line.startswith("| text to video | `seedance2` | 24 sizes; 16:9 is") for line in lines)


def test_a_readme_without_markers_stays_as_it_is() -> None:
    assert with_table("# Hello\n", DATA) == "# Hello\n"
    once = with_table(f"a\n{BEGIN}\n{END}\nb\n", DATA)
    assert with_table(once, DATA) == once

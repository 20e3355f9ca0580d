from __future__ import annotations

import json

from runway_videos.catalog import price_list
from runway_videos.catalog.generate import CATALOG
from runway_videos.catalog.models_table import BEGIN, END, table, with_table

PRICES = price_list.load()
DATA = json.loads(CATALOG.read_text(encoding="utf-8"))


def test_one_row_for_each_mode_and_model() -> None:
    lines = table(DATA, PRICES).splitlines()
    assert len(lines) == 2 + sum(len(rows) for rows in DATA["modes"].values())
    assert {line.count("|") for line in lines} == {8}
    assert "| text to video | `gen4.5` | 1280x720, 720x1280 | 2–10 |  | yes | 12 |" in lines
    assert "| image to video | `kling2.5_turbo_pro` | as the input | 5, 10 |  |  |  |" in lines
    assert "| video to video | `aleph2` | as the input | as the input |  | yes | 28 |" in lines
    assert "| text to video | `h3_max` | 480p or 768p | about 5–15 |  | yes |  |" in lines
    assert any(line.startswith("| text to video | `seedance2` | 24 sizes; 16:9 is") for line in lines)


def test_a_price_is_told_by_resolution_where_it_is_not_one() -> None:
    lines = table(DATA, PRICES).splitlines()
    cells = {line.split(" | ")[1]: line.rsplit("|", 2)[1].strip() for line in lines[2:]}
    assert cells["`seedance2`"] == "480p, 720p: 36; 1080p: 40; 4k: 150"
    assert cells["`seedance2_5`"] == "480p: 20; 720p: 30; 1080p: 68"
    assert cells["`seedance2_mini`"] == "16"
    assert cells["`veo3.1`"] == "40"
    assert cells["`hailuo3`"] == "768p: 10"  # 2k is not known
    assert cells["`kling_4`"] == ""


def test_a_readme_without_markers_stays_as_it_is() -> None:
    assert with_table("# Hello\n", DATA, PRICES) == "# Hello\n"
    once = with_table(f"a\n{BEGIN}\n{END}\nb\n", DATA, PRICES)
    assert with_table(once, DATA, PRICES) == once

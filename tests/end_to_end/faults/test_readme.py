"""The documentation shows the table of faults as it was measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from faulty import readme
from faulty.table import BEGIN, END, Row, render, shown_tables, together
from running import ROOT


def documents() -> list[Path]:
    """README.md, and the documents beside the code and the tests."""
    return [ROOT / "README.md", *(ROOT / "addon").rglob("*.md"), *(ROOT / "tests").rglob("*.md")]


def test_rows_with_the_same_figures_are_one_line() -> None:
    rows = [Row("a", 1, 0, 0, "x"), Row("b", 1, 1, 0, "x"), Row("c", 1, 0, 0, "x")]
    assert together(rows) == [Row("a; c", 1, 0, 0, "x"), Row("b", 1, 1, 0, "x")]
    assert render(together(rows)).splitlines()[2:] == ["| a; c | 1 | 0 | 0 | x |", "| b | 1 | 1 | 0 | x |"]


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        (f"# A\n\n{BEGIN}\n| a |\n{END}\n", ["| a |"]),
        (f"{BEGIN}\n{END}\n", [""]),
        (f"{BEGIN}\n| a |\n{END}\n{BEGIN}\n| b |\n{END}\n", ["| a |", "| b |"]),
        ("# A\n", []),
    ],
)
def test_every_table_between_markers_is_found(text: str, tables: list[str]) -> None:
    assert shown_tables(text) == tables


def test_the_table_of_faults_is_documented_once_and_as_measured() -> None:
    tables = [table for document in documents() for table in shown_tables(document.read_text())]
    assert tables == [readme.text()], (
        "python -m faulty.readme, in tests, prints what belongs between the markers"
    )

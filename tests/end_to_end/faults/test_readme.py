"""README shows what was measured."""

from __future__ import annotations

from faulty import readme
from faulty.table import Row, in_readme, render, together
from running import ROOT


def test_no_line_is_paid_twice() -> None:
    assert [row for row in readme.every_row() if row.paid_twice] == []


def test_a_line_that_is_paid_twice_is_seen() -> None:
    assert Row("as one project measured", 1, 3, 1, "three bills").paid_twice


def test_lines_that_came_to_the_same_are_one() -> None:
    rows = [Row("a", 1, 0, 0, "x"), Row("b", 1, 1, 0, "x"), Row("c", 1, 0, 0, "x")]
    assert together(rows) == [Row("a; c", 1, 0, 0, "x"), Row("b", 1, 1, 0, "x")]
    assert render(together(rows)).splitlines()[2:] == ["| a; c | 1 | 0 | 0 | x |", "| b | 1 | 1 | 0 | x |"]


def test_readme_shows_it() -> None:
    shown = in_readme(ROOT / "README.md")
    assert shown in (None, "", readme.text()), "python -m faulty.readme, in tests, prints what belongs there"

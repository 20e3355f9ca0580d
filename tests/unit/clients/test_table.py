"""The table of clients: its form, and that the README's was made by the command."""

from __future__ import annotations

from pathlib import Path

from clients import table
from clients.installs import CLIENTS
from clients.table import Outcome


def test_a_line_says_how_many_passed_and_what_did_not() -> None:
    outcomes = [
        Outcome("a", "1", 10),
        Outcome("b", "2", 10, {"create": "it raised", "list | all": "it raised"}),
        Outcome("c", "3", skipped="Node is not installed"),
    ]
    assert table.table(outcomes).splitlines()[2:] == [
        "| a | 1 | 10 | 10 |  |",
        "| b | 2 | 8 | 10 | create, list   all |",
        "| c | 3 | – | – | not run: Node is not installed |",
    ]


def test_the_table_is_put_between_the_marks(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    table.write([Outcome("a", "1", 3)], readme)
    assert table.rows_of(readme.read_text()) == [["a", "1", "3", "3", ""]]
    assert readme.read_text().startswith("before\n")
    assert readme.read_text().endswith(f"{table.END}\nafter\n")


def test_the_readme_has_a_line_for_each_client_and_all_of_its_calls_passed() -> None:
    rows = table.rows_of(table.README.read_text())
    assert [row[0] for row in rows] == [client.name for client in CLIENTS]
    for row in rows:
        assert row[2] == row[3], row
        assert int(row[3]) > 5, row

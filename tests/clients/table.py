"""The table client, version, passed of total; and where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- clients:begin -->", "<!-- clients:end -->"
HEAD = ("client", "version", "passed", "of", "what did not")


class Outcome(msgspec.Struct, frozen=True):
    """What came of one client. `problems`: by call. `skipped`: why it did not run."""

    client: str
    version: str
    total: int = 0
    problems: dict[str, str] = {}
    skipped: str = ""

    @property
    def passed(self) -> int:
        return self.total - len(self.problems)

    def cells(self) -> tuple[str, ...]:
        """Its line."""
        if self.skipped:
            return (self.client, self.version, "–", "–", f"not run: {self.skipped}")
        return (self.client, self.version, str(self.passed), str(self.total), ", ".join(self.problems))


def table(outcomes: Iterable[Outcome]) -> str:
    """In Markdown."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(outcome.cells() for outcome in outcomes)]
    return "\n".join(f"| {' | '.join(cell.replace('|', ' ') for cell in row)} |" for row in rows)


def rows_of(text: str) -> list[list[str]]:
    """The lines of the table between the marks, without its head."""
    body = text.split(BEGIN)[1].split(END)[0].strip().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body[2:]]


def write(outcomes: Iterable[Outcome], readme: Path = README) -> None:
    """Puts the table between the marks."""
    before, _, rest = readme.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    readme.write_text(f"{before}{BEGIN}\n{table(outcomes)}\n{END}{after}")

"""The table of faults: tasks that Runway made and videos that the client got, in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

BEGIN, END = "<!-- faults:begin -->", "<!-- faults:end -->"
HEAD = ("What happens", "asked", "tasks made", "videos got", "What the client sees")


class Row(msgspec.Struct, frozen=True):
    """One fault: creates asked for, tasks that Runway made, videos that the client got."""

    what: str
    asked: int
    tasks: int
    videos: int
    sees: str

    @property
    def paid_twice(self) -> bool:
        """Whether Runway made more than was asked for."""
        return self.tasks > self.asked


def render(rows: Iterable[Row], head: Sequence[str] = HEAD) -> str:
    """The table in Markdown."""
    lines = [_line(head), "|---|---|---|---|---|"]
    lines += [_line((row.what, row.asked, row.tasks, row.videos, row.sees)) for row in rows]
    return "\n".join(lines)


def together(rows: Iterable[Row]) -> list[Row]:
    """Rows with the same figures, as one."""
    found: dict[tuple[object, ...], list[str]] = {}
    for row in rows:
        found.setdefault((row.asked, row.tasks, row.videos, row.sees), []).append(row.what)
    return [Row("; ".join(whats), *rest) for rest, whats in found.items()]  # type: ignore[arg-type]


def shown_tables(document: str) -> list[str]:
    """What a document has between the markers, each time that it has them."""
    found = re.findall(f"{BEGIN}\n(.*?){END}", document, re.DOTALL)
    return [table.strip() for table in found]


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"

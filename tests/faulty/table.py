"""The table of tasks that Runway made against videos that the client got, as README shows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

BEGIN, END = "<!-- faults:begin -->", "<!-- faults:end -->"
HEAD = ("What happens", "asked", "tasks made", "videos got", "What the client sees")


class Row(msgspec.Struct, frozen=True):
    """One line: what was asked for, what Runway made and what the client got."""

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
    """Lines that came to the same, as one."""
    found: dict[tuple[object, ...], list[str]] = {}
    for row in rows:
        found.setdefault((row.asked, row.tasks, row.videos, row.sees), []).append(row.what)
    return [Row("; ".join(whats), *rest) for rest, whats in found.items()]  # type: ignore[arg-type]


def in_readme(readme: Path) -> str | None:
    """What stands between README's markers, None where there are none."""
    found = re.search(f"{BEGIN}\n(.*?){END}", readme.read_text(), re.DOTALL)
    return found[1].strip() if found else None


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"

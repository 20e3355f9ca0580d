"""What stands in README between the markers: `PYTHONPATH=.:../addon python -m faulty.readme`, in tests."""

from __future__ import annotations

import sys

from faulty import cases, departures, endings, kills
from faulty.table import Row, render, together

# Sentences that take the lines of a group together, in the order in which README shows them.
_GROUPS = (
    ("While the client waits", (*cases.ROWS,)),
    ("When the client leaves, or repeats", departures.ALL),
    ("When the proxy is told to end (SIGTERM)", endings.ALL),
)


def text() -> str:
    """All tables. The tests of `end_to_end/faults` have measured every line of them."""
    parts = [f"{title}:\n\n{render(together(rows))}" for title, rows in _GROUPS]
    parts.append(f"When the proxy dies:\n\n{render(kills.ALL, kills.HEAD)}")
    return "\n\n".join(parts)


def every_row() -> list[Row]:
    """All lines, one by one."""
    return [*cases.ROWS, *departures.ALL, *endings.ALL, *kills.ALL]


if __name__ == "__main__":
    sys.stdout.write(f"{text()}\n")

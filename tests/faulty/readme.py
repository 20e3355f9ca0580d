"""The tables of faults; in tests, `PYTHONPATH=.:../addon python -m faulty.readme` prints them."""

from __future__ import annotations

import sys

from faulty import cases, departures, endings, kills
from faulty.table import render, together

# The tables and their titles, in the order of the documentation.
_GROUPS = (
    ("While the client waits for a create, a remix, an edit or an extension", cases.ROWS),
    (
        "Where it is of a video made earlier, so that the key of that one is asked alone, otherwise",
        cases.ROWS_ALONE,
    ),
    ("When the client leaves, or repeats", departures.ALL),
    ("When the proxy is told to end (SIGTERM)", endings.ALL),
)


def text() -> str:
    """The tables. The tests of `end_to_end/faults` measure every line of them."""
    parts = [f"{title}:\n\n{render(together(rows))}" for title, rows in _GROUPS]
    parts.append(f"When the proxy dies:\n\n{render(kills.ALL, kills.HEAD)}")
    return "\n\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(f"{text()}\n")

"""The table of who is served (addon/deploy/access.md), read into cases."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from end_to_end.access.modes import MODES
from running import ROOT

BEGIN, END = "<!-- who:begin -->", "<!-- who:end -->"
HEAD = (
    "mode", "`runway_callers`", "`runway_forward`", "client", "token",
    "video calls", "other traffic through it", "other calls to it",
)  # fmt: skip
EVERY_MODE = (*MODES, "transparent")
YES_NO = ("no", "yes")
CLIENTS = ("the local user", "through a balancer", "another machine")
# What `any` stands for in a column; other cells list what they mean.
_DOMAINS = (EVERY_MODE, YES_NO, YES_NO, CLIENTS, YES_NO)


class Case(NamedTuple):
    """One line for one mode, client and token. `through` and `to_it` are None where there is no such call."""

    mode: str
    callers: bool
    forward: bool
    client: str
    token: bool
    video: str
    through: str | None
    to_it: str | None


def cells() -> list[list[str]]:
    """The table as it stands there, its head first."""
    text = (ROOT / "addon/deploy/access.md").read_text()
    lines = text.partition(BEGIN)[2].partition(END)[0].strip().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert set("".join(rows.pop(1))) == {"-"}
    return rows


def cases() -> Iterator[Case]:
    """Every line for all that it stands for."""
    for row in cells()[1:]:
        meant = [
            domain if cell == "any" else tuple(cell.split(", "))
            for cell, domain in zip(row, _DOMAINS, strict=False)
        ]
        for mode, callers, forward, client, token in product(*meant):
            video, through, to_it = (None if cell == "–" else cell for cell in row[len(_DOMAINS) :])
            assert video is not None
            yield Case(
                mode, callers == "yes", forward == "yes", client, token == "yes", video, through, to_it
            )


def every_case() -> set[tuple[str, bool, bool, str, bool]]:
    """What the table has to say something about."""
    return set(product(EVERY_MODE, (False, True), (False, True), CLIENTS, (False, True)))

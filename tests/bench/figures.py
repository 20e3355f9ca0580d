"""The scenarios of the bench, what they are compared with, and the table of results."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable

import msgspec

from bench import calls, files, processes, uploading
from bench.stand import KINDS
from bench.workbench import Bench

Measure = Callable[[Bench, str], float | None]


class Row(msgspec.Struct, frozen=True):
    """One kind's figure beside another's: the ratio, or (`over`) the difference, and its target."""

    kind: str
    beside: str | None
    at_least: float | None = None
    at_most: float | None = None
    over: bool = False

    def compare(self, ours: float, theirs: float) -> float:
        """The ratio or the difference."""
        return ours - theirs if self.over else ours / theirs

    def is_met(self, found: float) -> bool | None:
        """Whether the target is met, None without one."""
        if self.at_least is not None:
            return found >= self.at_least
        return None if self.at_most is None else found <= self.at_most


class Scenario(msgspec.Struct, frozen=True):
    """What is timed in every round; `once`: in the first alone."""

    name: str
    unit: str
    measure: Measure
    rows: tuple[Row, ...]
    once: bool = False
    #: It starts its own processes.
    alone: bool = False

    @property
    def kinds(self) -> list[str]:
        """All that are measured, each once."""
        named = [kind for row in self.rows for kind in (row.beside, row.kind) if kind is not None]
        return list(dict.fromkeys(named))


_POLLS = (
    Row("ours", "pass", at_least=0.95),
    Row("lean", "pass", at_least=1.4),
    Row("ours", "answer"),
    Row("lean", "answer"),
    Row("lean-O", "pass"),
    Row("ours-sqlite", "ours", at_least=0.97),
    Row("ours-redis", "ours", at_least=0.97),
    Row("ours-scraped", "ours", at_least=0.97),
)
_POLL_COST = (Row("ours", "pass"), Row("lean", "pass"), Row("ours", "answer"))
_ASKING = (Row("ours-ask", "pass"), Row("lean-ask", "pass"))
_CREATES = (
    Row("ours", "pass", at_least=0.30),
    Row("lean", "pass", at_least=0.30),
    Row("ours-sqlite", "ours"),
    Row("ours-redis", "ours"),
)
_CREATE_COST = (Row("ours", "pass"), Row("lean", "pass"))
_SPEED = (Row("ours", "stream", at_least=0.9), Row("lean", "stream", at_least=0.9))
_BESIDE = (Row("ours", "stream", at_most=1.3), Row("lean", "stream", at_most=1.3))
_START = (Row("ours", "pass", at_most=0.4, over=True), Row("lean", "pass", at_most=0.4, over=True))
_IDLE = (Row("ours", "pass", over=True), Row("lean", "pass", over=True))
_FILLED = (Row("lean", None, at_most=100.0),)
_HOLD = (Row("ours-beat", "answer-beat", at_most=50.0, over=True),)
_HOLD_ALL = (Row("ours-beat", "answer-beat", over=True),)

SCENARIOS = (
    Scenario("polls from memory, 1 connection", "1/s", calls.memory_polls(1), _POLLS),
    Scenario("polls from memory, 16 connections", "1/s", calls.memory_polls(16), _POLLS),
    Scenario("polls from memory, processor", "ms", calls.processor("polls from memory"), _POLL_COST),
    Scenario("polls that go upstream, 1 connection", "1/s", calls.asking_polls(1), _ASKING),
    Scenario("polls that go upstream, 16 connections", "1/s", calls.asking_polls(16), _ASKING),
    Scenario("creates, 1 connection", "1/s", calls.creates(1), _CREATES),
    Scenario("creates, 16 connections", "1/s", calls.creates(16), _CREATES),
    Scenario("creates, processor", "ms", calls.processor("creates"), _CREATE_COST),
    Scenario("a download alone", "MB/s", files.speed(1), _SPEED),
    Scenario("eight downloads at once", "MB/s", files.speed(8), _SPEED),
    Scenario("p99 of a poll beside eight downloads", "ms", files.poll_beside, _BESIDE),
    Scenario("start", "s", processes.start, _START, alone=True),
    Scenario("memory, idle", "MiB", processes.idle, _IDLE, alone=True),
    Scenario("memory, videos over idle", "MiB", processes.filled, _FILLED, alone=True, once=True),
    Scenario("an upload: hold after its end", "ms", uploading.hold("after"), _HOLD),
    Scenario("an upload: hold in all", "ms", uploading.hold("all"), _HOLD_ALL),
)


class Figures:
    """All values of all rounds."""

    def __init__(self, scenarios: Iterable[Scenario] = SCENARIOS) -> None:
        self._scenarios = tuple(scenarios)
        self.values: dict[tuple[str, str], list[float]] = defaultdict(list)

    def add(self, scenario: Scenario, kind: str, value: float | None) -> None:
        """One round's value; None where this machine cannot tell."""
        if value is not None:
            self.values[scenario.name, kind].append(value)

    def lines(self) -> list[dict[str, object]]:
        """One entry a row, with medians; ratios are made round by round, then their median."""
        found: list[dict[str, object]] = []
        for scenario in self._scenarios:
            for row in scenario.rows:
                ours = self.values.get((scenario.name, row.kind), [])
                theirs = self.values.get((scenario.name, row.beside or ""), [])
                if ours:
                    found.append(_line(scenario, row, ours, theirs))
        return found


def _line(scenario: Scenario, row: Row, ours: list[float], theirs: list[float]) -> dict[str, object]:
    compared = [row.compare(a, b) for a, b in zip(ours, theirs, strict=True)] if theirs else ours
    middle = statistics.median(compared)
    return {
        "what": scenario.name,
        "unit": scenario.unit,
        "ours": row.kind,
        "median": statistics.median(ours),
        "beside": row.beside,
        "beside_median": statistics.median(theirs) if theirs else None,
        "compared": "difference" if row.over else "ratio" if theirs else "value",
        "result": middle,
        "lowest": min(compared),
        "highest": max(compared),
        "at_least": row.at_least,
        "at_most": row.at_most,
        "met": row.is_met(middle),
    }


def table(lines: Iterable[dict[str, object]]) -> str:
    """The lines for a reader, and what the names stand for."""
    rows = [("what", "A", "B", "A", "B", "A to B", "lowest to highest", "target", "")]
    for line in lines:
        sign = {"difference": "+", "ratio": "×", "value": ""}[str(line["compared"])]
        target = f"≥ {line['at_least']}" if line["at_least"] is not None else f"≤ {line['at_most']}"
        aimed = line["met"] is not None
        rows.append(
            (
                f"{line['what']} ({line['unit']})",
                str(line["ours"]),
                str(line["beside"] or ""),
                _number(line["median"]),
                _number(line["beside_median"]),
                sign + _number(line["result"]),
                f"{_number(line['lowest'])} to {_number(line['highest'])}",
                target if aimed else "",
                {True: "met", False: "MISSED", None: ""}[line["met"]],  # type: ignore[index]
            )
        )
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    body = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    legend = [f"  {name:<12} {kind.about}: {kind.command}" for name, kind in KINDS.items()]
    return "\n".join([*body, "", "A and B:", *legend])


def _number(value: object) -> str:
    if not isinstance(value, int | float):
        return ""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"

"""The table of figures by kind, and the trace of a history that went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from chaos.records import History
from chaos.violations import Violation, Window, Wrong

_HEAD = ("histories", "processes", "wishes", "tasks made", "videos got", "not known", "refused", "left")


class Figures:
    """Counts by kind. `known`: windows whose violations are no failure."""

    def __init__(self, store: str, processes: int, known: Collection[Window]) -> None:
        self.bad = 0
        self._store = store
        self._processes = processes
        self._known = known
        self._kinds: dict[str, Counter[str]] = {}

    def add(self, history: History, violations: Iterable[Violation]) -> list[Violation]:
        """Counts a history; gives the violations that are not in a known window."""
        row = self._kinds.setdefault(history.kind, Counter())
        row["histories"] += 1
        row["wishes"] += len(history.stories)
        row["tasks made"] += len(history.tasks)
        for story in history.stories:
            row["videos got" if story.video else _end_of(story.told)] += 1
        outside = []
        for violation in violations:
            if violation.window in self._known:
                row[f"known {violation.wrong.value}"] += 1
            else:
                row[violation.wrong.value] += 1
                outside.append(violation)
        self.bad += len(outside)
        return outside

    def table(self) -> str:
        """In Markdown. What is in a known window stands behind a plus."""
        heads = [f"kind, {self._store}", *_HEAD, *(wrong.value for wrong in Wrong)]
        lines = [_line(heads), _line("---" for _ in heads)]
        total: Counter[str] = Counter()
        for counts in self._kinds.values():
            total.update(counts)
        for name, row in [*self._kinds.items(), ("**all**", total)]:
            cells = (self._processes if head == "processes" else row[head] for head in _HEAD)
            lines.append(_line([name, *cells, *_wrongs(row)]))
        return "\n".join(lines)


def story_of(history: History, violations: Iterable[Violation]) -> Iterator[str]:
    """The lines of a history that the violations are about."""
    found = list(violations)
    for violation in found:
        window = "" if violation.window is Window.NONE else f" [{violation.window.value}]"
        group = violation.group and f"{violation.group}: "
        yield f"{violation.wrong.value.upper()}: {group}{violation.text}{window}"
    for name in sorted({violation.group for violation in found}):
        yield f"What happened to {name or 'the processes'}:"
        yield from (f"  {at:8.3f}  {text}" for at, group, text in history.trace if group in ("", name))
        videos = [story.video for story in history.stories if story.group == name and story.video]
        for life in history.lives:
            said = [line for line in life.log.splitlines() if any(each in line for each in (name, *videos))]
            yield from (f"  log of process {life.process}: {line}" for line in said if name)


def _wrongs(row: Counter[str]) -> Iterator[str]:
    for wrong in Wrong:
        known = row[f"known {wrong.value}"]
        yield f"{row[wrong.value]}{f' + {known}' if known else ''}"


def _end_of(told: str) -> str:
    if told in ("gave up", "no answer", ""):
        return "left"
    return "not known" if "outcome_unknown" in told else "refused"


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"

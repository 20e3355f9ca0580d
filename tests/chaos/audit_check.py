"""Reads the accounts of a history's processes (`runway_audit`): where they differ from what Runway made."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

import msgspec

from chaos.limits import COST
from chaos.records import History, Task
from chaos.violations import Violation, Wrong


class Row(msgspec.Struct, frozen=True):
    """What of a line is compared. `process`: whose account it is in."""

    event: str
    caller: str = ""
    runway_model: str = ""
    task: str = ""
    credits_estimated: float | None = None
    credits: float | None = None
    outcome: str = ""
    process: int = 0


def rows_of(history: History) -> tuple[list[Row], list[str]]:
    """All lines of all accounts, and those that are not whole."""
    rows, torn = [], []
    for process, text in enumerate(history.audits):
        for line in text.splitlines(keepends=True):
            try:
                row = msgspec.json.decode(line, type=Row)
            except msgspec.DecodeError:
                torn.append(line)
                continue
            if line.endswith("\n"):
                rows.append(msgspec.structs.replace(row, process=process))
            else:
                torn.append(line)
    return rows, torn


def check_accounts(history: History) -> Iterator[Violation]:
    """All that is wrong in them; nothing where no process kept one."""
    if not history.audits:
        return
    rows, torn = rows_of(history)
    for line in torn:
        yield _wrong("", f"no whole line: {line[:80]!r}")
    tasks = {task.id: task for task in history.tasks}
    callers: defaultdict[str, set[str]] = defaultdict(set)
    for story in history.stories:
        callers[story.group].add(story.caller)
    for row in rows:
        if row.task:
            yield from _check_row(row, tasks, callers)
    yield from _check_created(history, rows)
    ends: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.event == "ended":
            ends[row.task].add(row.outcome)
    for name, outcomes in ends.items():
        if len(outcomes) > 1:
            yield _wrong(_group(tasks, name), f"task {name} has ended as {' and '.join(sorted(outcomes))}")


def _check_row(row: Row, tasks: Mapping[str, Task], callers: Mapping[str, set[str]]) -> Iterator[Violation]:
    """A line that names a task, against that task."""
    task = tasks.get(row.task)
    if task is None:
        yield _wrong("", f"{row.event}: Runway has made no task {row.task}")
        return
    # A process that did not make it may not know its model.
    if row.runway_model != task.group and not (row.event == "ended" and not row.runway_model):
        yield _wrong(task.group, f"{row.event}: task {row.task} is of {row.runway_model}")
    if row.caller not in callers.get(task.group, ()):
        yield _wrong(task.group, f"{row.event}: task {row.task} is of {row.caller}, who asked for none")
    credits = row.credits_estimated if row.event == "created" else row.credits
    costs = row.event == "created" or row.outcome == "completed"
    if costs and credits != COST:
        yield _wrong(task.group, f"{row.event}: task {row.task} for {credits} credits")


def _check_created(history: History, rows: list[Row]) -> Iterator[Violation]:
    """Each task has one `created` line. Of what was made without one, a line says that it may be so.

    Of a process that was killed, a line that a create was about to be sent says it.
    """
    created = Counter(row.task for row in rows if row.event == "created")
    for name, count in created.items():
        if count > 1:
            yield _wrong("", f"task {name} was created {count} times")
    for story in history.stories:
        if story.task and story.task not in created:
            yield _wrong(story.group, f"{story.wish} holds task {story.task}, which was never created")
    held = {story.task for story in history.stories}
    killed = {life.process for life in history.lives if life.end == "killed"}
    missing = Counter(task.group for task in history.tasks if task.id not in created and task.id not in held)
    for group, count in missing.items():
        told = 0
        for process in range(len(history.audits)):
            said = Counter(row.event for row in rows if row.process == process and row.runway_model == group)
            told += said["unknown"]
            if process in killed:
                told += max(0, said["sending"] - said["created"] - said["unknown"])
        if count > told:
            yield _wrong(group, f"{count} tasks without a line, and {told} that may have been made")


def _group(tasks: Mapping[str, Task], name: str) -> str:
    task = tasks.get(name)
    return task.group if task else ""


def _wrong(group: str, text: str) -> Violation:
    return Violation(Wrong.ACCOUNT, group, text)

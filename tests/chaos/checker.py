"""Says of a history what must never happen: paid twice, lost, another's, gone back, and so on."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from chaos.audit_check import check_accounts, rows_of
from chaos.budget_check import check_budgets
from chaos.fates import Blow
from chaos.hook_check import check_hooks
from chaos.kinds import STORE_BLOWS
from chaos.records import History, Life, Story, Task
from chaos.violations import Violation, Window, Wrong
from chaos.wire import NO_ANSWER, PATIENCE_SECONDS


def check(history: History) -> list[Violation]:
    """All that went wrong."""
    found: list[Violation] = []
    tasks = _by_group(history.tasks)
    stories: defaultdict[str, list[Story]] = defaultdict(list)
    for story in history.stories:
        stories[story.group].append(story)
    for group in sorted(stories.keys() | tasks.keys()):
        found += _check_group(history, group, stories[group], tasks.get(group, []))
    by_id = {task.id: task for task in history.tasks}
    for story in history.stories:
        found += _check_story(story, by_id, history)
    found += [
        Violation(Wrong.ENDED, "", f"process {life.process} ended by itself")
        for life in history.lives
        if life.end == "by itself"
    ]
    found += [
        Violation(Wrong.FAULT, "", f"process {life.process}: {entry}")
        for life in history.lives
        for entry in _ENTRY.split(life.log)
        if _FAULT.search(entry) or ("Unhandled error" in entry and "runway_" in entry)
    ]
    found += check_budgets(history, _callers(history))
    return [*found, *check_accounts(history), *check_hooks(history)]


#: An entry of a log may have many lines. What is written of an exception that nobody expected; asyncio has
#: its own ones, of a connection that ends while it is made.
_ENTRY = re.compile(r"\n(?=\[\d{4}-)")
_FAULT = re.compile("a fault of this proxy|Addon error")


def _callers(history: History) -> dict[str, str]:
    """Task → whose it is: of whoever holds it, an account names, or alone has wished for such a one."""
    wishers: defaultdict[str, set[str]] = defaultdict(set)
    for story in history.stories:
        wishers[story.group].add(story.caller)
    alone = {group: next(iter(names)) for group, names in wishers.items() if len(names) == 1}
    found = {task.id: alone[task.group] for task in history.tasks if task.group in alone}
    found |= {row.task: row.caller for row in rows_of(history)[0] if row.event == "created"}
    return found | {story.task: story.caller for story in history.stories if story.task}


def _check_group(
    history: History, group: str, stories: list[Story], tasks: list[Task]
) -> Iterator[Violation]:
    """The wishes of one content together: equal ones of several callers too."""
    if len(tasks) > len(stories):
        text = f"{len(tasks)} tasks for {len(stories)} wishes"
        yield Violation(Wrong.TWICE, group, text, _blown(history, stories))
    lost, named = _unnamed(history.lives, group, stories, tasks)
    if len(lost) > named:
        text = f"{len(lost) - named} of {len(tasks)} tasks: no client holds them, no log line names them"
        yield Violation(Wrong.LOST, group, text)
    holders: defaultdict[str, list[Story]] = defaultdict(list)
    for story in stories:
        if story.task:
            holders[story.task].append(story)
    for task, having in holders.items():
        if len(having) < 2:
            continue
        names = ", ".join(f"{story.wish} ({story.caller})" for story in having)
        if len({story.caller for story in having}) > 1:
            yield Violation(Wrong.ANOTHERS, group, f"task {task} is held by {names}")
        else:
            # The earlier try of such a client is not known to any process.
            earlier = [attempt for story in having for attempt in story.attempts[:-1]]
            missed = any(not attempt.reached for attempt in earlier)
            window = Window.UNREACHED if missed else _blown(history, having)
            several = history.store != "memory" or len({life.process for life in history.lives}) > 1
            # A client that is told not to try again, and tries again: it left within that answer.
            is_limited = any(story.caller in history.limits for story in having)
            if (several or is_limited) and not missed and earlier and not any(map(_has_key, having)):
                # Also where a process was killed: with a store its creates are known.
                window = Window.DOUBT
            yield Violation(Wrong.SHARED, group, f"task {task} is held by {names}", window)


def _has_key(story: Story) -> bool:
    return story.has_key


def _unnamed(
    lives: Iterable[Life], group: str, stories: Iterable[Story], tasks: Iterable[Task]
) -> tuple[list[Task], int]:
    """Tasks that nobody holds and no line names, and how many the lines tell of without a name.

    A line tells of a task that nobody can name: that an outcome is unknown; of a process that was
    ended, also that a create was about to be sent.
    """
    held = {story.task for story in stories}
    left = [task for task in tasks if task.id not in held]
    told = 0
    for life in lives:
        lines = [line for line in life.log.splitlines() if group in line or "task " in line]
        left = [task for task in left if not any(task.id in line for line in lines)]
        of_group = [line for line in lines if group in line]
        unknown = sum("OUTCOME UNKNOWN" in line for line in of_group)
        begun = sum("creating:" in line for line in of_group)
        ended = unknown + sum("created:" in line for line in of_group)
        told += unknown + (max(0, begun - ended) if life.end != "stopped" else 0)
    return left, told


def _check_story(story: Story, tasks: Mapping[str, Task], history: History) -> Iterator[Violation]:
    """One client's video."""
    task = tasks.get(story.task)
    if story.video and task is None:
        yield Violation(Wrong.GONE, story.group, f"{story.wish}: its video has no bytes")
    if task is not None and task.group != story.group:
        yield Violation(Wrong.ANOTHERS, story.group, f"{story.wish} holds a task of {task.group}")
    if story.others:
        yield Violation(Wrong.ANOTHERS, story.group, f"{story.wish}: also the bytes of {story.others}")
    if story.shown_to:
        yield Violation(Wrong.ANOTHERS, story.group, f"{story.wish}: shown to {story.shown_to}")
    if gone := [sight for sight in story.sights if not sight.status]:
        window = _away(story, history, gone[0].at, gone[0].at)
        yield Violation(Wrong.GONE, story.group, f"{story.wish}: a 404 for its video", window)
    seen = [sight for sight in story.sights if sight.status]
    for before, after in pairwise(seen):
        old, new = (_RANKS.get(each.status, 0) for each in (before, after))
        if new < old or (new == old == 2 and before.status != after.status):
            text = f"{story.wish}: {before.status}, then {after.status}"
        elif after.progress < before.progress:
            text = f"{story.wish}: progress {before.progress}, then {after.progress}"
        else:
            continue
        yield Violation(Wrong.BACK, story.group, text, _away(story, history, before.at, after.at))
        break
    if any(attempt.result == NO_ANSWER for attempt in story.attempts):
        yield Violation(Wrong.HUNG, story.group, f"{story.wish} waited {PATIENCE_SECONDS:.0f} s in vain")
    early = [sight for sight in seen if task and sight.status == "completed" and sight.at < task.ends]
    if early:
        yield Violation(Wrong.FALSE_END, story.group, f"{story.wish}: completed before its task was")


def _away(story: Story, history: History, before: float, after: float) -> Window:
    """Whether a client saw two replicas while they could not share: it asks each in turn, or was sent on.

    On a busy machine the store may be late by itself: then a log says so. Or Runway's answer to one of them
    came later than that to the other.
    """
    if _moved(history, before, after):
        return Window.MOVED
    blows = {blow.value for blow in STORE_BLOWS}
    felt = [upset for upset in history.upsets if upset.at < after and before < upset.at + _AWAY_SECONDS]
    was_away = history.is_said_away or any(upset.what in blows for upset in felt)
    moved = story.roams or any(upset.what not in blows for upset in felt)
    if was_away and moved:
        return Window.AWAY
    was_late = any(group == story.group and _BAD_ANSWER in text for _, group, text in history.trace)
    return Window.LATE if was_late and story.roams and history.store != "memory" else Window.NONE


#: What the trace has of an answer that the proxy asks for again: meanwhile it is another one's turn to ask.
_BAD_ANSWER = "Runway: asked for task"


#: How long a blow to the store is felt: it is away, what was not written is written again.
_AWAY_SECONDS = 5.0
_RANKS = {"queued": 0, "in_progress": 1, "completed": 2, "failed": 2}
_WINDOWS = {
    Blow.KILL_BEFORE.value: Window.KILL,
    Blow.KILL_AFTER.value: Window.KILL,
    Blow.TERM.value: Window.DRAIN,
}
_MOVING = {blow.value for blow in (Blow.KILL_BEFORE, Blow.KILL_AFTER, Blow.TERM, Blow.OUT, Blow.HALT_LONG)}
#: A replica is back in HAProxy so long after it went, at the latest.
_MOVING_SECONDS = 12.0


def _blown(history: History, stories: Iterable[Story]) -> Window:
    """Whether a process was ended after a try of one of these clients began and before its last one."""
    for upset in history.upsets:
        window = _WINDOWS.get(upset.what)
        if window and any(
            story.attempts and story.attempts[0].begun < upset.at < story.attempts[-1].begun
            for story in stories
        ):
            return window
    tries = [attempt.begun for story in stories for attempt in story.attempts]
    return Window.MOVED if tries and _moved(history, min(tries), max(tries)) else Window.NONE


def _moved(history: History, begin: float, end: float) -> bool:
    """Whether replicas without a store came or went: then HAProxy sends the same elsewhere."""
    if history.store != "memory" or len({life.process for life in history.lives}) < 2:
        return False
    return any(upset.what in _MOVING and begin - _MOVING_SECONDS < upset.at < end for upset in history.upsets)


def _by_group(tasks: Iterable[Task]) -> dict[str, list[Task]]:
    found: defaultdict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        found[task.group].append(task)
    return found

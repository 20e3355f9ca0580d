"""Says whether callers got more than their limits, beyond what each limit's rule lets them.

- `videos_per_day`: never more tasks than that. A create is counted in one step with the check.
- `credits_per_day`: over by what the creates in flight at once cost more than was expected, each. In
  flight is also what nobody could count with its cost: its answer was lost, or its process was killed.
- `concurrency`: never more tasks at once that have not ended; those whose answer was lost do not count.

With a store there is one count. Without, each process has its own, from its start: that is the rule there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from chaos.kinds import STORE_BLOWS
from chaos.limits import COST, EXPECTED, Limits
from chaos.records import History, Life, Task
from chaos.violations import Violation, Wrong

#: How long before it reaches Runway a create is counted, and how long after its answer with its cost.
SLACK_SECONDS = 1.0
#: The same where the store was away: what was not written is written again.
_AWAY_SECONDS = 10.0


def check_budgets(history: History, callers: Mapping[str, str]) -> Iterator[Violation]:
    """`callers`: whose each task is, as far as that is known."""
    for caller, limits in sorted(history.limits.items()):
        own = [task for task in history.tasks if callers.get(task.id) == caller]
        for where, tasks in _counted_together(history, own):
            for text in _over(history, limits, tasks):
                yield Violation(Wrong.OVERSPENT, "", f"{caller}{where}: {text}")


def _counted_together(history: History, tasks: list[Task]) -> Iterator[tuple[str, list[Task]]]:
    if history.store != "memory":
        yield "", tasks
        return
    by_life: defaultdict[int, list[Task]] = defaultdict(list)
    for task in tasks:
        number = next((n for n, life in enumerate(history.lives) if _is_of(task, life)), -1)
        by_life[number].append(task)
    for number, counted in by_life.items():
        if number >= 0:
            yield f" in one life of process {history.lives[number].process}", counted


def _is_of(task: Task, life: Life) -> bool:
    return task.process == life.process and life.begun <= task.asked <= life.ended


def _over(history: History, limits: Limits, tasks: list[Task]) -> Iterator[str]:
    videos, credits, concurrency = limits.videos_per_day, limits.credits_per_day, limits.concurrency
    if videos is not None and len(tasks) > videos:
        yield f"{len(tasks)} videos, and {videos} a day are allowed"
    if credits is not None:
        in_flight = _most_at_once((task.asked - SLACK_SECONDS, _counted_at(history, task)) for task in tasks)
        spent, most = COST * len(tasks), credits + (COST - EXPECTED) * in_flight
        if spent > most:
            yield f"{spent:g} credits, and with {in_flight} in flight at once no more than {most:g} may be"
    if concurrency is not None:
        told = [task for task in tasks if task.told is not None]
        at_once = _most_at_once((task.made, task.ends) for task in told)
        if at_once > concurrency:
            yield f"{at_once} unfinished videos at once, and {concurrency} are allowed"


def _counted_at(history: History, task: Task) -> float:
    """When its cost is counted at the latest."""
    if task.told is None:
        return float("inf")
    at = task.told + SLACK_SECONDS
    if history.store != "memory":
        blows = {blow.value for blow in STORE_BLOWS}
        was_late = any("the store cannot be reached" in life.log for life in history.lives)
        if was_late or any(upset.what in blows for upset in history.upsets):
            at = task.told + _AWAY_SECONDS
    killed = any(_is_of(task, life) and life.end == "killed" and life.ended < at for life in history.lives)
    return float("inf") if killed else at


def _most_at_once(spans: Iterable[tuple[float, float]]) -> int:
    """How many of these spans of time there are at once at most; an end comes before a beginning."""
    changes = sorted(change for begin, end in spans for change in ((begin, 1), (end, -1)))
    most = now = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most

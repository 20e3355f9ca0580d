"""The checker finds callers that got more than their limits, and none that got what the rule lets them."""

from __future__ import annotations

import pytest

from chaos.checker import check
from chaos.fates import Blow
from chaos.limits import COST, EXPECTED, Limits
from chaos.records import Attempt, History, Life, Story, Task, Upset
from chaos.violations import Wrong

#: A process of each number that lived from 0 to 100 s.
WHOLE = Life(0, "", "stopped", 0.0, 100.0)
OTHER = Life(1, "", "stopped", 0.0, 100.0)


def task(number: int, asked: float, *, ends: float = 2.0, process: int = 0, told: bool = True) -> Task:
    """A caller's, asked for at a time and answered 0.2 s later. Ends so long after it was made."""
    made = asked + 0.1
    return Task(
        f"id-{number}", f"g-{number}", made, made + ends, process, asked, asked + 0.2 if told else None
    )


def over(limits: Limits, tasks: list[Task], *lives: Life, store: str = "redis", **more: object) -> list[str]:
    """What the checker says of one caller's tasks."""
    stories = [
        Story(each.id, each.group, "app-1", [Attempt(0, 1.0, 2.0, "")], "v", each.id) for each in tasks
    ]
    history = History(
        "by hand", 0, stories, tasks, list(lives or [WHOLE]), store=store, limits={"app-1": limits}
    )
    for name, value in more.items():
        setattr(history, name, value)
    violations = check(history)
    assert {violation.wrong for violation in violations} <= {Wrong.OVERSPENT}
    return [violation.text for violation in violations]


def test_a_video_more_than_the_day_has_is_found() -> None:
    tasks = [task(number, 10.0 * number) for number in range(4)]
    assert over(Limits(videos_per_day=4), tasks) == []
    assert over(Limits(videos_per_day=3), tasks) == ["app-1: 4 videos, and 3 a day are allowed"]


def test_another_caller_s_videos_do_not_count() -> None:
    tasks = [task(number, 10.0 * number) for number in range(4)]
    tasks[3].group = "g-2"  # two callers wish for the same: whoever holds it has it
    stories = [Story(f"w{n}", each.group, "app-1", [], "v", each.id) for n, each in enumerate(tasks)]
    stories[3].caller = "app-2"
    limits = {"app-1": Limits(videos_per_day=3), "app-2": Limits(videos_per_day=1)}
    assert check(History("by hand", 0, stories, tasks, [WHOLE], store="redis", limits=limits)) == []


def test_without_a_store_each_life_of_a_process_counts_for_itself() -> None:
    """The rule there: replicas know nothing of each other, and a restart begins with nothing."""
    limits = Limits(videos_per_day=2)
    tasks = [task(number, 10.0 * number, process=number % 2) for number in range(4)]
    assert over(limits, tasks, WHOLE, OTHER, store="memory") == []
    assert len(over(limits, tasks, WHOLE, OTHER, store="sqlite")) == 1
    tasks = [task(number, 10.0 * number) for number in range(4)]
    assert over(limits, tasks, store="memory") == [
        "app-1 in one life of process 0: 4 videos, and 2 a day are allowed"
    ]
    lives = (Life(0, "", "killed", 0.0, 15.0), Life(0, "", "stopped", 16.0, 100.0))
    assert over(limits, tasks, *lives, store="memory") == []


def test_credits_go_over_by_what_creates_in_flight_cost_more_than_expected() -> None:
    limits = Limits(credits_per_day=10 * EXPECTED)
    at_once = [task(number, 10.0 + number / 100) for number in range(10)]
    assert over(limits, at_once) == []
    # One after another each is counted with its cost before the next begins.
    in_turn = [task(number, 10.0 * number) for number in range(10)]
    (text,) = over(limits, in_turn)
    assert text == f"app-1: {10 * COST:g} credits, and with 1 in flight at once no more than 214 may be"
    assert over(limits, in_turn[:8]) == []
    # One more than was let in, whatever they cost.
    assert len(over(limits, [*at_once, task(10, 10.2)])) == 1


@pytest.mark.parametrize("lost", ["an answer", "a process"])
def test_what_nobody_could_count_with_its_cost_stays_in_flight(lost: str) -> None:
    limits = Limits(credits_per_day=4 * EXPECTED)
    tasks = [task(number, 10.0 * number + 1, told=lost != "an answer") for number in range(4)]
    ends = [each.asked + 0.3 for each in tasks] if lost == "a process" else [100.0]
    lives = [Life(0, "", "killed", begin, end) for begin, end in zip([0.0, *ends], ends, strict=False)]
    assert over(limits, tasks, *lives) == []
    assert len(over(limits, [*tasks, task(4, 90.0)], *lives)) == 1


def test_where_the_store_was_away_costs_are_counted_later() -> None:
    limits = Limits(credits_per_day=3 * EXPECTED)
    tasks = [task(number, 10.0 + 4 * number) for number in range(3)]
    assert len(over(limits, tasks)) == 1
    assert over(limits, tasks, upsets=[Upset(11.0, 0, Blow.STORE_PAUSE.value)]) == []
    late = Life(0, "the store cannot be reached, creates are refused: TimeoutError", "stopped", 0.0, 100.0)
    assert over(limits, tasks, late) == []


def test_more_unfinished_videos_at_once_than_allowed_are_found() -> None:
    tasks = [task(number, 10.0 + number, ends=1.5) for number in range(4)]
    assert over(Limits(concurrency=2), tasks) == []
    assert over(Limits(concurrency=1), tasks) == ["app-1: 2 unfinished videos at once, and 1 are allowed"]
    # One ends in the moment in which the next one is made.
    in_turn = [task(number, 10.0 + number, ends=1.0) for number in range(4)]
    assert over(Limits(concurrency=1), in_turn) == []
    unknown = [tasks[0], task(1, 11.0, ends=1.5, told=False)]
    assert over(Limits(concurrency=1), unknown) == []

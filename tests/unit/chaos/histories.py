"""Histories made by hand."""

from __future__ import annotations

from chaos.checker import check
from chaos.records import Attempt, History, Life, Sight, Story, Task, Upset
from chaos.violations import Violation

GROUP = "lane000-g000"
OTHER = "lane000-g001"


def task(name: str, group: str = GROUP) -> Task:
    """One that was made at 1 s and has ended at 2 s."""
    return Task(name, group, 1.0, 2.0)


def story(wish: str, holds: str = "", group: str = GROUP, caller: str = "app-1", *tries: Attempt) -> Story:
    """A client's, with the task whose video it got."""
    attempts = list(tries) or [Attempt(0, 1.0, 2.0, "the video")]
    return Story(wish, group, caller, attempts, video=f"video of {holds}" if holds else "", task=holds)


def polled(*sights: tuple[float, str, int]) -> Story:
    """A client that holds task id-a, and saw this of it."""
    found = story("w1", "id-a")
    found.sights = [Sight(*each) for each in sights]
    return found


def found(
    stories: list[Story],
    tasks: list[Task],
    *lines: str,
    end: str = "stopped",
    upsets: tuple[Upset, ...] = (),
    store: str = "memory",
) -> list[Violation]:
    """What the checker says; `lines` are the log of the only process, which ended so."""
    life = Life(0, "\n".join(lines), end)
    return check(History("by hand", 0, stories, tasks, [life], list(upsets), store=store))

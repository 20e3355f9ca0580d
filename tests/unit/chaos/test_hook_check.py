"""The checker reads what webhooks were told, and finds what was not told, or wrongly."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chaos.checker import check
from chaos.fates import Blow
from chaos.records import Event, History, Life, Sight, Upset
from chaos.violations import Window, Wrong
from unit.chaos.histories import story, task

VIDEO = "video of id-a"
TOLD = Event(2.5, "app-1", "video.completed", VIDEO, "evt_1")


def told(*events: Event, upsets: tuple[Upset, ...] = (), **other: Any) -> list[tuple[Wrong, str]]:
    """What is said of a history in which app-1 has seen the end of task id-a, which was at 2 s."""
    holder = story("w1", "id-a")
    holder.sights = [Sight(2.2, "completed", 100)]
    history = History(
        "by hand", 0, [holder], [task("id-a")], [Life(0, "task id-a", "stopped")], list(upsets),
        **{"hooks": True, "events": list(events), **other},
    )  # fmt: skip
    return [(violation.wrong, violation.text) for violation in check(history)]


def but(**changes: Any) -> Event:
    return msgspec.structs.replace(TOLD, **changes)


@pytest.mark.parametrize(
    "events",
    [
        (TOLD,),
        (but(taken=False), but(taken=False), TOLD),
        (TOLD, TOLD),  # without a store
        (TOLD, but(video="video of a create whose client left")),
    ],
)
def test_what_was_told_is_well(events: tuple[Event, ...]) -> None:
    assert told(*events) == []


@pytest.mark.parametrize(
    ("events", "wrong", "text"),
    [
        ((), Wrong.UNTOLD, f"no event about {VIDEO} was taken"),
        ((but(taken=False),), Wrong.UNTOLD, "was taken"),
        ((TOLD, but(caller="app-2")), Wrong.ANOTHERS, "told to ['app-2']"),
        ((TOLD, but(type="video.failed")), Wrong.MISTOLD, "told of as ['video.failed']"),
        ((TOLD, but(id="evt_2")), Wrong.MISTOLD, "several ids"),
        ((but(is_signed=False),), Wrong.MISTOLD, "without its signature"),
        ((but(at=1.5),), Wrong.FALSE_END, "told of before"),
    ],
)
def test_what_was_not_told_as_it_was_is_found(events: tuple[Event, ...], wrong: Wrong, text: str) -> None:
    ((found, said),) = told(*events)
    assert found is wrong
    assert text in said


def test_with_a_store_an_end_is_taken_once_where_nobody_died() -> None:
    assert told(TOLD, TOLD, store="sqlite") == [(Wrong.MISTOLD, "w1: its end was taken 2 times")]
    assert told(TOLD, TOLD, store="sqlite", upsets=(Upset(1, 0, "kill"),)) == []


def test_what_is_due_may_end_with_a_process_without_a_store_or_while_it_is_away() -> None:
    def windows(store: str, *lines: str) -> list[Window]:
        holder = story("w1", "id-a")
        holder.sights = [Sight(2.2, "completed", 100)]
        upsets = [Upset(1, 0, Blow.TERM.value)]
        lives = [Life(0, "\n".join(["task id-a", *lines]), "stopped")]
        history = History("by hand", 0, [holder], [task("id-a")], lives, upsets, store=store, hooks=True)
        return [violation.window for violation in check(history)]

    assert windows("memory") == [Window.KILL]
    assert windows("sqlite") == [Window.NONE]
    assert windows("sqlite", "the store cannot be reached") == [Window.AWAY]


def test_without_webhooks_nothing_is_said() -> None:
    assert told(hooks=False) == []

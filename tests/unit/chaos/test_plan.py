"""A plan is drawn from its seed alone, and holds what its kind is for."""

from __future__ import annotations

import msgspec
import pytest

from chaos.command import parse
from chaos.kinds import KINDS
from chaos.limits import COST
from chaos.plan import CALLERS, LANE, draw


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_draws_the_same_plan(kind: str) -> None:
    plan = draw(7, 3, kind, 50)
    assert plan == draw(7, 3, kind, 50)
    assert plan != draw(8, 3, kind, 50)
    assert plan != draw(7, 4, kind, 50)
    assert len(plan.wishes) in (50, 51)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_kind_says_is_in_its_plans(kind: str) -> None:
    plan, what = draw(1, 0, kind, 300), KINDS[kind]
    fates = [fate for script in plan.scripts.values() for fate in script.creates]
    assert any(fate.blow for fate in fates) == bool(what.blows)
    met = {fate.name for fate in fates if not fate.blow}
    names = {fate.name for fate in what.creates}
    assert met <= names
    assert 2 * len(met) >= len(names)
    assert any(script.polls for script in plan.scripts.values()) == (what.polls > 0)
    left = any(hang.leaves for wish in plan.wishes for hang in wish.hangs)
    assert left == (what.hangs > 0 or kind == "stop")
    assert all(wish.marks == what.marks for wish in plan.wishes)
    assert (plan.reload_seconds > 0) == what.reloads


@pytest.mark.parametrize("kind", KINDS)
def test_callers_have_limits_below_what_they_wish_for(kind: str) -> None:
    share = KINDS[kind].budgets
    drawn = [draw(1, number, kind, 60) for number in range(20)]
    count = sum(len(plan.limits) for plan in drawn)
    assert 0.5 * share <= count / (20 * len(CALLERS)) <= min(1.0, 1.5 * share)
    for plan in drawn:
        for caller, limits in plan.limits.items():
            wished = sum(wish.caller == caller for wish in plan.wishes)
            (most,) = (each for each in msgspec.structs.astuple(limits) if each is not None)
            assert 0 < most < wished * (COST if limits.credits_per_day else 1)


def test_groups_have_one_content_and_lanes_few_groups() -> None:
    plan = draw(1, 0, "mixed", 300)
    groups = {wish.group for wish in plan.wishes}
    assert len({(wish.group, wish.prompt, wish.form) for wish in plan.wishes}) == len(groups)
    assert len({wish.prompt for wish in plan.wishes}) == len(groups)
    callers = {name: [wish.caller for wish in plan.wishes if wish.group == name] for name in groups}
    assert {len(each) for each in callers.values()} == {1, 2}
    assert {len(set(each)) for each in callers.values() if len(each) == 2} == {1, 2}
    for lane in plan.lanes:
        assert sum(name.startswith(lane) for name in groups) <= LANE


@pytest.mark.parametrize(
    "words",
    [["--wishes", "0"], ["--kinds", "none"], ["--processes", "4"], ["--store", "none"], ["--known", "all"]],
)
def test_mistakes_on_the_command_line_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse(words)

"""The checker reads the processes' accounts, and finds where they are not what Runway made."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from chaos.checker import check
from chaos.limits import COST
from chaos.records import History, Life
from chaos.violations import Wrong
from unit.chaos.histories import GROUP, OTHER, story, task

SENDING = {"event": "sending", "caller": "app-1", "runway_model": GROUP}
CREATED = {**SENDING, "event": "created", "task": "id-a", "credits_estimated": COST, "time": "now"}
UNKNOWN = {**SENDING, "event": "unknown", "outcome": "unknown"}
ENDED = {**SENDING, "event": "ended", "task": "id-a", "credits": COST, "outcome": "completed"}


def account(*lines: Mapping[str, object]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


def wrong(*audits: str, holds: str = "id-a", end: str = "stopped") -> list[str]:
    """What is said of these accounts, one of each process, where Runway has made the task id-a."""
    lives = [Life(number, "task id-a", end) for number in range(len(audits))]
    history = History("by hand", 0, [story("w1", holds)], [task("id-a")], lives, audits=list(audits))
    violations = check(history)
    assert {violation.wrong for violation in violations} <= {Wrong.ACCOUNT}
    return [violation.text for violation in violations]


@pytest.mark.parametrize(
    "audits",
    [
        (),
        (account(SENDING, CREATED),),
        (account(SENDING, CREATED, ENDED), account({**ENDED, "runway_model": "", "made_elsewhere": True})),
        (account(CREATED, {**ENDED, "outcome": "deleted"}),),
        (account(CREATED, {**ENDED, "outcome": "failed", "credits": 0}),),
    ],
)
def test_accounts_of_what_was_made_are_well(audits: tuple[str, ...]) -> None:
    assert wrong(*audits) == []


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (account(CREATED) + '{"event": "en', "no whole line"),
        (account(CREATED) + json.dumps(ENDED), "no whole line"),
        (account(CREATED)[:40] + "\n" + account(CREATED), "no whole line"),
        (account(CREATED, {**ENDED, "task": "id-b"}), "Runway has made no task id-b"),
        (account({**CREATED, "runway_model": OTHER}), f"created: task id-a is of {OTHER}"),
        (account({**CREATED, "caller": "app-2"}), "created: task id-a is of app-2, who asked for none"),
        (account({**CREATED, "credits_estimated": 21}), "created: task id-a for 21.0 credits"),
        (account(CREATED, {**ENDED, "credits": 21}), "ended: task id-a for 21.0 credits"),
        (account(CREATED, CREATED), "task id-a was created 2 times"),
        (
            account(CREATED, ENDED, {**ENDED, "outcome": "failed"}),
            "task id-a has ended as completed and failed",
        ),
        (account(SENDING), "w1 holds task id-a, which was never created"),
    ],
)
def test_what_is_wrong_in_an_account_is_found(lines: str, text: str) -> None:
    (found,) = wrong(lines)
    assert text in found


def test_of_what_was_made_without_a_line_one_says_that_it_may_be_so() -> None:
    (found,) = wrong(account(SENDING), holds="")
    assert found == "1 tasks without a line, and 0 that may have been made"
    assert wrong(account(SENDING, UNKNOWN), holds="") == []
    # Another process's line of another create does not say it, nor one that was answered.
    assert len(wrong(account(SENDING), account({**UNKNOWN, "runway_model": OTHER}), holds="")) == 1


def test_of_a_process_that_was_killed_the_line_before_it_was_sent_says_it() -> None:
    assert wrong(account(SENDING), holds="", end="killed") == []
    other = {**CREATED, "task": "id-b"}
    found = wrong(account(SENDING, other), holds="", end="killed")
    assert found == [
        "created: Runway has made no task id-b",
        "1 tasks without a line, and 0 that may have been made",
    ]

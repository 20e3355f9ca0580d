"""The checker finds what is wrong in histories made by hand, and nothing in those that are well."""

from __future__ import annotations

import pytest

from chaos.checker import check
from chaos.fates import Blow
from chaos.records import Attempt, History, Life, Story, Upset
from chaos.violations import Violation, Window, Wrong
from unit.chaos.histories import GROUP, OTHER, found, polled, story, task


def wrongs(violations: list[Violation]) -> list[Wrong]:
    """What is wrong, without where and why."""
    return [violation.wrong for violation in violations]


def test_checker_finds_nothing_wrong_in_a_good_history() -> None:
    stories = [story("w1", "id-a"), story("w2", "id-b"), story("w3", "id-c", OTHER, "app-2")]
    assert found(stories, [task("id-a"), task("id-b"), task("id-c", OTHER)]) == []


def test_checker_finds_a_create_paid_twice() -> None:
    tasks, line = [task("id-a"), task("id-b")], f"created: {GROUP}, task id-b"
    (twice,) = found([story("w1", "id-a")], tasks, line)
    assert (twice.wrong, twice.group, twice.window) == (Wrong.TWICE, GROUP, Window.NONE)
    assert found([story("w1", "id-a"), story("w2", "id-b")], tasks) == []


def test_a_task_that_nobody_knows_is_lost() -> None:
    assert wrongs(found([story("w1")], [task("id-a")])) == [Wrong.LOST]


@pytest.mark.parametrize(
    "line",
    [
        f"created: {GROUP}, key k, task id-a, in 0.1 s",
        f"OUTCOME UNKNOWN: a paid task may exist at Runway: {GROUP}, key k: reset",
    ],
)
def test_task_named_in_the_log_is_not_lost(line: str) -> None:
    assert found([story("w1")], [task("id-a")], line) == []


def test_task_is_lost_when_the_log_names_only_another() -> None:
    lines = (f"created: {GROUP}, task id-b", f"OUTCOME UNKNOWN: {OTHER}, key k")
    assert wrongs(found([story("w1")], [task("id-a")], *lines)) == [Wrong.LOST]


def test_one_unknown_outcome_names_one_task() -> None:
    lines = [f"OUTCOME UNKNOWN: {GROUP}, key k"]
    stories, tasks = [story("w1"), story("w2")], [task("id-a"), task("id-b")]
    assert wrongs(found(stories, tasks, *lines)) == [Wrong.LOST]
    assert found(stories, tasks, *lines * 2) == []


def test_a_create_that_began_names_it_only_where_the_process_was_killed() -> None:
    line = f"creating: {GROUP}, key k"
    assert found([story("w1")], [task("id-a")], line, end="killed") == []
    assert wrongs(found([story("w1")], [task("id-a")], line)) == [Wrong.LOST]
    # That one was answered: it is not the lost one.
    lines = (line, f"created: {GROUP}, task id-b")
    tasks, stories = [task("id-a"), task("id-b")], [story("w1", "id-b"), story("w2")]
    assert wrongs(found(stories, tasks, *lines, end="killed")) == [Wrong.LOST]


def test_checker_finds_the_video_of_another_caller() -> None:
    tasks = [task("id-a"), task("id-b", OTHER)]
    stories = [story("w1", "id-b"), story("w2", "id-b", OTHER, "app-2")]
    line = f"created: {GROUP}, task id-a"
    assert wrongs(found(stories, tasks, line)) == [Wrong.ANOTHERS]


def test_checker_finds_one_video_given_to_two_callers() -> None:
    assert wrongs(found([story("w1", "id-a"), story("w2", "id-a", GROUP, "app-2")], [task("id-a")])) == [
        Wrong.ANOTHERS
    ]


def test_a_video_shown_to_another_caller_or_with_anothers_bytes() -> None:
    shown, mixed = story("w1", "id-a"), story("w1", "id-a")
    shown.shown_to, mixed.others = "app-2", ["id-b"]
    for each in (shown, mixed):
        assert wrongs(found([each], [task("id-a")])) == [Wrong.ANOTHERS]


def test_checker_finds_one_video_for_two_equal_creates() -> None:
    stories = [story("w1", "id-a"), story("w2", "id-a")]
    (shared,) = found(stories, [task("id-a")])
    assert (shared.wrong, shared.window) == (Wrong.SHARED, Window.NONE)
    stories[1].attempts = [Attempt(0, 1.0, 1.0, "refused", reached=False), Attempt(1, 1.5, 2.0, "the video")]
    (shared,) = found(stories, [task("id-a")])
    assert shared.window is Window.UNREACHED
    stories[1].attempts[0].reached = True
    (shared,) = found(stories, [task("id-a")])
    assert shared.window is Window.NONE
    (shared,) = found(stories, [task("id-a")], store="redis")
    assert shared.window is Window.DOUBT  # nothing but the count tells them apart
    stories[1].has_key = True
    (shared,) = found(stories, [task("id-a")], store="redis")
    assert shared.window is Window.NONE


@pytest.mark.parametrize(
    ("roams", "blow", "at", "window"),
    [
        (True, Blow.STORE_PAUSE, 2.0, Window.AWAY),
        (True, Blow.STORE_PAUSE, 2.7, Window.NONE),
        (False, Blow.STORE_PAUSE, 2.0, Window.NONE),
        (True, Blow.KILL_BEFORE, 2.0, Window.NONE),
    ],
)
def test_replicas_that_cannot_share_differ(roams: bool, blow: Blow, at: float, window: Window) -> None:
    video = polled((2.5, "completed", 100), (2.6, "in_progress", 60))
    video.roams = roams
    (back,) = found([video], [task("id-a")], upsets=(Upset(at, 0, blow.value),))
    assert (back.wrong, back.window) == (Wrong.BACK, window)
    line = "the store cannot be reached, creates are refused: TimeoutError"
    (back,) = found([video], [task("id-a")], line)
    assert back.window is (Window.AWAY if roams else Window.NONE)


@pytest.mark.parametrize("roams", [True, False])
@pytest.mark.parametrize("store", ["sqlite", "memory"])
def test_replicas_of_which_one_is_answered_late_differ(store: str, roams: bool) -> None:
    video = polled((2.5, "completed", 100), (2.6, "", 0))
    video.roams = roams
    trace = [(2.0, GROUP, "Runway: asked for task id-a: 503")]
    history = History("by hand", 0, [video], [task("id-a")], [], store=store, trace=trace)
    (gone,) = check(history)
    assert gone.wrong is Wrong.GONE
    assert gone.window is (Window.LATE if roams and store == "sqlite" else Window.NONE)


@pytest.mark.parametrize(
    "video",
    [
        polled((1.5, "in_progress", 50), (2.5, "completed", 100), (2.6, "in_progress", 60)),
        polled((1.5, "in_progress", 50), (1.6, "in_progress", 40)),
        polled((1.5, "in_progress", 0), (1.6, "queued", 0)),
        polled((2.5, "completed", 100), (2.6, "failed", 100)),
    ],
)
def test_checker_finds_a_status_that_went_back(video: Story) -> None:
    assert wrongs(found([video], [task("id-a")])) == [Wrong.BACK]


def test_checker_accepts_a_status_that_went_on() -> None:
    video = polled(
        (1.1, "queued", 0), (1.5, "in_progress", 50), (1.6, "in_progress", 50), (2.5, "completed", 100)
    )
    assert found([video], [task("id-a")]) == []


def test_checker_finds_a_video_completed_too_early() -> None:
    assert wrongs(found([polled((1.5, "completed", 100))], [task("id-a")])) == [Wrong.FALSE_END]


def test_without_a_store_a_replica_that_went_and_came_back_parts_tries() -> None:
    tries = (Attempt(0, 9.0, 9.5, "hung up"), Attempt(1, 9.6, 9.9, "the video"))
    tasks, line = [task("id-a"), task("id-b")], f"created: {GROUP}, task id-b"
    lives = [Life(number, line, "stopped") for number in range(2)]
    for store, expected in (("memory", Window.MOVED), ("redis", Window.NONE)):
        upsets = [Upset(8.0, 0, Blow.OUT.value)]
        retried = story("w1", "id-a", GROUP, "app-1", *tries)
        (twice,) = check(History("by hand", 0, [retried], tasks, lives, upsets, store=store))
        assert (twice.wrong, twice.window) == (Wrong.TWICE, expected)


def test_checker_finds_a_client_that_waited_in_vain() -> None:
    tries = (Attempt(0, 1.0, 41.0, "no answer in time"), Attempt(1, 42.0, 43.0, "the video"))
    assert wrongs(found([story("w1", "id-a", GROUP, "app-1", *tries)], [task("id-a")])) == [Wrong.HUNG]


def test_checker_finds_a_video_shown_as_gone() -> None:
    assert wrongs(found([polled((1.5, "", 0))], [task("id-a")])) == [Wrong.GONE]
    without = story("w1", "id-a")
    without.task = ""
    assert wrongs(found([without], [task("id-a")], f"created: {GROUP}, task id-a")) == [Wrong.GONE]


@pytest.mark.parametrize(
    ("blow", "window"),
    [
        (Blow.KILL_BEFORE, Window.KILL),
        (Blow.KILL_AFTER, Window.KILL),
        (Blow.TERM, Window.DRAIN),
        (Blow.HALT, Window.NONE),
    ],
)
def test_checker_names_the_window_in_which_a_process_ended(blow: Blow, window: Window) -> None:
    tries = (Attempt(0, 1.0, 1.5, "connection ended"), Attempt(1, 2.0, 2.5, "the video"))
    retried = story("w1", "id-a", GROUP, "app-1", *tries)
    line, tasks = f"created: {GROUP}, task id-b", [task("id-a"), task("id-b")]
    for at, expected in ((1.2, window), (0.5, Window.NONE), (2.2, Window.NONE)):
        (twice,) = found([retried], tasks, line, upsets=(Upset(at, 0, blow.value),))
        assert (twice.wrong, twice.window) == (Wrong.TWICE, expected)


def test_checker_finds_a_process_that_ended_by_itself() -> None:
    assert wrongs(found([], [], end="by itself")) == [Wrong.ENDED]


def test_checker_finds_an_exception_in_a_log() -> None:
    ours = (
        "[2026-11-25 22:00:00.000] Unhandled error in task.",
        '  File "runway_videos/service.py"',
        "KeyError",
    )
    asyncios = ("[2026-11-25 22:00:00.000] Unhandled error in task.", '  File "asyncio/selector_events.py"')
    assert wrongs(found([], [], "a fault of this proxy, please report it [req_1]")) == [Wrong.FAULT]
    assert wrongs(found([], [], *asyncios, *ours)) == [Wrong.FAULT]
    assert wrongs(found([], [], *asyncios, "[2026-11-25 22:00:00.000] runway_videos")) == []


def test_checker_finds_a_task_that_nobody_asked_for() -> None:
    assert wrongs(found([], [task("id-a")])) == [Wrong.TWICE, Wrong.LOST]

"""A Runway task as a Video says it, for every state that Runway knows and for those it does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.openai.video import VideoError
from runway_videos.translate.task_status import TaskState, read_task

LINK = "https://files.example/v.mp4?Signature=s"
FAILED = VideoError("generation_failed", "Runway could not make the video.")
CANCELLED = VideoError("cancelled", "The video was cancelled before it was finished.")


@pytest.mark.parametrize(
    ("task", "state"),
    [
        ({"status": "PENDING"}, TaskState("queued")),
        ({"status": "PENDING", "progress": 0.5}, TaskState("queued")),
        ({"status": "THROTTLED"}, TaskState("queued", throttled=True)),
        ({"status": "RUNNING"}, TaskState("in_progress")),
        ({"status": "RUNNING", "progress": 0.5}, TaskState("in_progress", 50)),
        ({"status": "SUCCEEDED", "output": [LINK]}, TaskState("completed", 100, outputs=(LINK,))),
        (
            {"status": "SUCCEEDED", "output": [LINK], "cost": {"credits": 25}},
            TaskState("completed", 100, outputs=(LINK,), credits=25),
        ),
        (
            {"status": "FAILED", "cost": {"credits": 0}},
            TaskState("failed", error=FAILED, credits=0),
        ),
        (
            {"status": "CANCELLED", "failure": "x", "failureCode": "INTERNAL"},
            TaskState("failed", error=CANCELLED),
        ),
    ],
)
def test_the_six_states(task: dict[str, Any], state: TaskState) -> None:
    assert read_task({"id": "t", "createdAt": "2026-10-01T00:00:00Z", **task}) == state
    assert state.ended == (task["status"] in ("SUCCEEDED", "FAILED", "CANCELLED"))


@pytest.mark.parametrize("word", ["QUEUED", "running", "", "Succeeded ", None, 5, ["PENDING"], {"a": 1}])
def test_an_unknown_state_counts_as_running_and_is_named(word: object) -> None:
    found = read_task({"id": "t-1", "status": word, "output": [LINK]}, 42)
    assert found == TaskState("in_progress", 42, unknown_word=str(word) or "none")
    assert read_task({}) == TaskState("in_progress", 0, unknown_word="None")


@pytest.mark.parametrize(
    ("progress", "percent"),
    [
        *(
            (0, 0),
            (0.0, 0),
            (0.009, 0),
            (0.01, 1),
            (0.29, 28),
            (0.5, 50),
            (0.989, 98),
            (0.999, 99),
            (1, 99),
            (1.0, 99),
        ),
        *((1.5, 99), (50, 99), (1e308, 99), (float("inf"), 99), (10**400, 99)),
        *((-0.5, 0), (-1e308, 0), (float("-inf"), 0), (float("nan"), 0)),
        *((None, 0), ("0.5", 0), (True, 0), ([0.5], 0)),
    ],
)
def test_progress_is_a_whole_percent_below_100_until_the_end(progress: object, percent: int) -> None:
    found = read_task({"status": "RUNNING", "progress": progress}).progress
    # 0.29 is 28 or 29: a float is not exact.
    assert percent <= found <= percent + (progress == 0.29)
    assert type(found) is int


def test_progress_never_goes_back() -> None:
    assert read_task({"status": "RUNNING", "progress": 0.2}, 60).progress == 60
    assert read_task({"status": "RUNNING", "progress": 0.7}, 60).progress == 70
    assert read_task({"status": "RUNNING"}, 60).progress == 60
    assert read_task({"status": "FAILED"}, 60).progress == 60
    assert read_task({"status": "SUCCEEDED"}, 60).progress == 100


@pytest.mark.parametrize(
    ("code", "beginning"),
    [
        ("SAFETY.INPUT.TEXT", "Runway's moderation did not accept the input."),
        ("SAFETY.INPUT.IMAGE", "Runway's moderation did not accept the input."),
        ("INPUT_PREPROCESSING.SAFETY.TEXT", "Runway's moderation did not accept the input."),
        ("SAFETY.OUTPUT.VIDEO", "Runway's moderation held the result back."),
        ("INPUT_PREPROCESSING.INTERNAL", "Runway could not prepare the input."),
        ("ASSET.INVALID", "Runway could not use a file of the request."),
        ("THIRD_PARTY.UNAVAILABLE", "The model's provider was not available; try again later."),
        ("INTERNAL", "Runway could not make the video; try again."),
        ("INTERNAL.BAD_OUTPUT.CODE01", "Runway could not make the video; try again."),
        ("NEW.CODE", "Runway could not make the video."),
    ],
)
def test_a_failure_is_shown_with_its_context(code: str, beginning: str) -> None:
    error = read_task({"status": "FAILED", "failureCode": code, "failure": "Words of Runway's."}).error
    assert error == VideoError(code, f"{beginning} Words of Runway's.")
    assert read_task({"status": "FAILED", "failureCode": code}).error == VideoError(code, beginning)


@pytest.mark.parametrize("failure", [None, 5, ["x"], "", " \n"])
@pytest.mark.parametrize("code", [None, 5, ["x"], ""])
def test_a_failure_without_words_is_still_one(failure: object, code: object) -> None:
    found = read_task({"status": "FAILED", "failureCode": code, "failure": failure}).error
    assert found == FAILED


def test_a_failures_words_are_one_line_and_not_without_end() -> None:
    error = read_task({"status": "FAILED", "failure": "a\r\nb\t c" + "x" * 100_000}).error
    assert error is not None
    assert error.message.startswith("Runway could not make the video. a b c")
    assert len(error.message) < 1100


@pytest.mark.parametrize("output", [None, "x", {}, 5, [None], [5, {"url": "x"}]])
def test_outputs_are_texts(output: object) -> None:
    assert read_task({"status": "SUCCEEDED", "output": output}).outputs == ()
    assert read_task({"status": "SUCCEEDED", "output": [5, LINK, None]}).outputs == (LINK,)


@pytest.mark.parametrize("cost", [None, 5, [], {}, {"credits": None}, {"credits": "5"}, {"credits": True}])
def test_a_cost_that_is_none_is_unknown(cost: object) -> None:
    assert read_task({"status": "SUCCEEDED", "cost": cost}).credits is None
    assert read_task({"status": "FAILED", "cost": {"credits": 2.5}}).credits == 2.5


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
WORDS = st.sampled_from(["PENDING", "THROTTLED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"])
TASKS = st.fixed_dictionaries(
    {"status": WORDS | ANYTHING},
    optional=dict.fromkeys(("id", "progress", "output", "failure", "failureCode", "cost"), ANYTHING),
)


@settings(max_examples=120, deadline=None)
@given(task=TASKS, last=st.integers(0, 99))
def test_any_task_is_a_state_that_clients_can_read(task: dict[str, Any], last: int) -> None:
    state = read_task(task, last)
    assert state.status in ("queued", "in_progress", "completed", "failed")
    assert (state.error is not None) == (state.status == "failed")
    assert (state.progress == 100) == (state.status == "completed")
    assert 0 <= state.progress <= 100
    assert type(state.progress) is int

from __future__ import annotations

import pytest

from runway_videos.sandbox.tasks import SLOW, PromptControls, Task, Tasks, iso
from unit.sandbox.harness import Clock


def url(task: Task) -> str:
    return f"https://files/{task.id}"


def make(clock: Clock, tasks: Tasks, prompt: str = "a fox") -> Task:
    return tasks.create("org", "gen4.5", prompt, 60)


def test_a_task_goes_from_pending_over_running_to_succeeded() -> None:
    clock = Clock()
    tasks = Tasks(clock, seconds=10)
    task = make(clock, tasks)
    begun = clock.now

    pending = task.describe(clock.now, url)
    assert pending == {
        "id": task.id,
        "createdAt": "2027-01-15T08:00:00.000Z",
        "status": "PENDING",
        "estimatedCost": {"credits": 60},
    }

    seen = []
    for seconds in (2, 4, 6, 9.99):
        clock.now = begun + seconds
        running = task.describe(clock.now, url)
        assert running["status"] == "RUNNING"
        assert running["estimatedCost"] == {"credits": 60}
        seen.append(running["progress"])
    assert seen == [0, 0.25, 0.5, 0.9988]

    clock.now = begun + 10
    assert task.describe(clock.now, url) == {
        "id": task.id,
        "createdAt": "2027-01-15T08:00:00.000Z",
        "status": "SUCCEEDED",
        "output": [url(task)],
        "cost": {"credits": 60},
    }


def test_a_task_that_takes_no_time_is_done_at_once() -> None:
    clock = Clock()
    task = make(clock, Tasks(clock, seconds=0))
    assert task.status(clock.now) == "SUCCEEDED"


@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        ("a fox [fail]", "INTERNAL.BAD_OUTPUT.CODE01"),
        ("[FAIL:SAFETY.INPUT.TEXT] a fox", "SAFETY.INPUT.TEXT"),
        ("[fail:THIRD_PARTY.UNAVAILABLE]", "THIRD_PARTY.UNAVAILABLE"),
        ("[fail:none]", None),
    ],
)
def test_a_prompt_can_ask_for_a_failure(prompt: str, code: str | None) -> None:
    clock = Clock()
    task = make(clock, Tasks(clock, seconds=4), prompt)
    assert task.status(clock.now + 3) == "RUNNING"
    failed = task.describe(clock.now + 4, url)
    assert failed["status"] == "FAILED"
    assert isinstance(failed["failure"], str)
    assert failed["cost"] == {"credits": 0}
    assert failed.get("failureCode") == code
    assert "output" not in failed


def test_the_text_of_a_failure_fits_its_code() -> None:
    clock = Clock()
    tasks = Tasks(clock, seconds=0)
    texts = {
        code: make(clock, tasks, f"[fail:{code}]").describe(clock.now, url)["failure"]
        for code in ("SAFETY.OUTPUT.VIDEO", "INPUT_PREPROCESSING.SAFETY.TEXT", "INTERNAL")
    }
    assert texts["SAFETY.OUTPUT.VIDEO"] == texts["INPUT_PREPROCESSING.SAFETY.TEXT"]
    assert texts["INTERNAL"] != texts["SAFETY.OUTPUT.VIDEO"]


def test_a_prompt_can_ask_to_be_cancelled_slow_or_throttled() -> None:
    clock = Clock()
    tasks = Tasks(clock, seconds=4)
    now = clock.now
    cancelled = make(clock, tasks, "[cancel]").describe(now + 4, url)
    assert cancelled["status"] == "CANCELLED"
    assert cancelled["cost"] == {"credits": 0}
    slow = make(clock, tasks, "[slow]")
    assert slow.status(now + 4 * SLOW - 1) == "RUNNING"
    assert slow.status(now + 4 * SLOW) == "SUCCEEDED"
    throttled = make(clock, tasks, "[throttle]")
    assert [throttled.status(now + s) for s in (0, 3, 4, 6, 8)] == [
        "THROTTLED",
        "THROTTLED",
        "PENDING",
        "RUNNING",
        "SUCCEEDED",
    ]


@pytest.mark.parametrize("prompt", ["fail", "[failure]", "[ fail ]", "[slow", "[fail:]"])
def test_other_words_of_a_prompt_control_nothing(prompt: str) -> None:
    assert PromptControls.read(prompt) == PromptControls()


def test_beyond_the_concurrency_tasks_wait_and_start_when_a_slot_gets_free() -> None:
    clock = Clock()
    tasks = Tasks(clock, seconds=10, concurrency=lambda organisation: 2)
    begun = clock.now
    first, second, third, fourth = (make(clock, tasks) for _ in range(4))
    assert [t.status(clock.now) for t in (first, second, third, fourth)] == [
        "PENDING",
        "PENDING",
        "THROTTLED",
        "THROTTLED",
    ]
    assert third.describe(clock.now, url)["estimatedCost"] == {"credits": 60}

    # Nobody looked for a long time: the third started when the first ended, not just now.
    clock.now = begun + 15
    assert tasks.get("org", third.id) is third
    assert third.started == begun + 10
    clock.now = begun + 20
    assert [t.status(clock.now) for t in (third, fourth)] == ["SUCCEEDED", "SUCCEEDED"]


def test_the_slot_that_gets_free_first_is_taken_first() -> None:
    clock = Clock()
    tasks = Tasks(clock, seconds=10, concurrency=lambda organisation: 2)
    begun = clock.now
    slow, _, third, fourth = (make(clock, tasks, prompt) for prompt in ("[slow]", "", "", ""))
    clock.now = begun + 25
    tasks.get("org", slow.id)
    assert [third.started, fourth.started] == [begun + 10, begun + 20]


def test_slots_are_per_organisation_and_model() -> None:
    clock = Clock()
    tasks = Tasks(clock, seconds=10, concurrency={"a": 1, "b": None}.__getitem__)
    made = [
        tasks.create(organisation, model, "", 1)
        for organisation, model in (("a", "x"), ("a", "x"), ("a", "y"), ("b", "x"), ("b", "x"))
    ]
    states = [task.status(clock.now) for task in made]
    assert states == ["PENDING", "THROTTLED", "PENDING", "PENDING", "PENDING"]


def test_a_limit_that_is_lifted_lets_the_waiting_start() -> None:
    clock = Clock()
    limits: dict[str, int | None] = {"org": 1}
    tasks = Tasks(clock, seconds=10, concurrency=limits.__getitem__)
    _, waiting = make(clock, tasks), make(clock, tasks)
    limits["org"] = None
    clock.now += 1
    tasks.get("org", waiting.id)
    assert waiting.started == clock.now


def test_deleting_a_running_task_lets_the_next_one_start() -> None:
    clock = Clock()
    tasks = Tasks(clock, seconds=10, concurrency=lambda organisation: 1)
    first, second, third = (make(clock, tasks) for _ in range(3))
    clock.now += 1
    assert tasks.remove("org", second.id) is second  # still waiting
    assert tasks.remove("org", first.id) is first
    assert third.started == clock.now
    assert tasks.get("org", first.id) is None
    assert tasks.remove("org", first.id) is None


def test_a_task_belongs_to_its_organisation() -> None:
    clock = Clock()
    tasks = Tasks(clock, seconds=10)
    task = make(clock, tasks)
    assert tasks.get("other", task.id) is None
    assert tasks.remove("other", task.id) is None
    assert tasks.get("org", task.id) is task
    assert tasks.find(task.id) is task


@pytest.mark.parametrize("limit", [None, 1])
def test_the_oldest_task_is_removed(limit: int | None) -> None:
    clock = Clock()
    tasks = Tasks(clock, seconds=10, concurrency=lambda organisation: limit, max_tasks=2)
    first, second, third = (make(clock, tasks) for _ in range(3))
    assert tasks.get("org", first.id) is None
    assert tasks.get("org", second.id) is second
    assert tasks.get("org", third.id) is third
    assert (len(tasks), tasks.made) == (2, 3)


def test_times_have_milliseconds_and_a_z() -> None:
    assert iso(1_800_000_000) == "2027-01-15T08:00:00.000Z"
    assert iso(1_800_000_000.1239) == "2027-01-15T08:00:00.123Z"

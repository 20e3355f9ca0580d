"""The states of a task, computed from a clock that is a parameter; there are no timers.

THROTTLED (only while the organisation's concurrency for the model is full) → PENDING → RUNNING →
SUCCEEDED, FAILED or CANCELLED. Deleting a task ends and removes it.
"""

from __future__ import annotations

import bisect
import itertools
import re
import uuid
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from runway_videos.sandbox.clip_lengths import SECONDS

Clock = Callable[[], float]

#: The share of a task's time that it is PENDING; the rest it is RUNNING.
PENDING_SHARE = 0.2
#: How many times as long a task with `[slow]` in its prompt takes.
SLOW = 10

_WORD = re.compile(r"\[(fail|cancel|slow|throttle|shed|lost)(?::([A-Za-z0-9_.]{1,80}))?\]", re.IGNORECASE)
_DEFAULT_CODE = "INTERNAL.BAD_OUTPUT.CODE01"
# By prefix of the failure code, the longest first.
_FAILURES = (
    ("SAFETY", "Content did not pass our moderation system."),
    ("INPUT_PREPROCESSING.SAFETY", "Content did not pass our moderation system."),
    ("ASSET", "The provided asset is invalid."),
    ("THIRD_PARTY", "The upstream provider is unavailable."),
    ("", "An unexpected error occurred."),
)


class PromptControls(msgspec.Struct, frozen=True):
    """How the words in a prompt control its task; without words it succeeds."""

    end: str = "SUCCEEDED"
    failure_code: str | None = None
    pace: float = 1.0
    throttle: bool = False
    shed: bool = False
    lost: bool = False

    @classmethod
    def read(cls, prompt: str) -> PromptControls:
        """`[fail]`, `[fail:CODE]`, `[fail:none]`, `[cancel]`, `[slow]`, `[throttle]`, `[shed]`, `[lost]`."""
        end, code, pace, words = "SUCCEEDED", None, 1.0, set()
        for match in _WORD.finditer(prompt):
            word, value = match[1].lower(), match[2]
            if word == "fail":
                end = "FAILED"
                code = None if value == "none" else value or _DEFAULT_CODE
            elif word == "cancel":
                end = "CANCELLED"
            elif word == "slow":
                pace = float(SLOW)
            words.add(word)
        return cls(end, code, pace, "throttle" in words, "shed" in words, "lost" in words)


class Task(msgspec.Struct, eq=False):
    """A task. Times are Unix seconds; `started` is None while it waits for a free slot.

    `seconds` is how long it takes, `length` how long its video is.
    """

    id: str
    organisation: str
    model: str
    created: float
    seconds: float
    controls: PromptControls
    estimate: float
    portrait: bool
    length: float = SECONDS
    started: float | None = None

    @property
    def cost(self) -> float:
        """Credits charged at the end: nothing for what did not succeed."""
        return self.estimate if self.controls.end == "SUCCEEDED" else 0

    @property
    def ends(self) -> float:
        """When it ends, infinite while it waits."""
        return float("inf") if self.started is None else self.started + self.seconds

    def status(self, now: float) -> str:
        """Runway's name of its state."""
        if self.started is None or now < self.started:
            return "THROTTLED"
        if now >= self.ends:
            return self.controls.end
        return "PENDING" if now - self.started < self.seconds * PENDING_SHARE else "RUNNING"

    def describe(self, now: float, output: Callable[[Task], str]) -> dict[str, object]:
        """The answer to GET /v1/tasks/{id}; `output` signs a URL for the finished video."""
        status = self.status(now)
        task: dict[str, object] = {
            "id": self.id,
            "createdAt": iso(self.created),
            "status": status,
        }
        if status in ("THROTTLED", "PENDING", "RUNNING"):
            task["estimatedCost"] = {"credits": self.estimate}
            if status == "RUNNING" and self.started is not None:
                begun = self.started + self.seconds * PENDING_SHARE
                task["progress"] = round((now - begun) / (self.ends - begun), 4)
            return task
        task["cost"] = {"credits": round(self.cost)}
        if status == "SUCCEEDED":
            task["output"] = [output(self)]
        elif status == "FAILED":
            code = self.controls.failure_code
            task["failure"] = next(t for p, t in _FAILURES if (code or "").startswith(p))
            if code:
                task["failureCode"] = code
        return task


class _ModelQueue:
    """The slots of one organisation and model; updated on each use."""

    def __init__(self) -> None:
        self.waiting: deque[Task] = deque()
        # By the time of their end; the number keeps tasks from being compared.
        self.running: list[tuple[float, int, Task]] = []
        self._numbers = itertools.count()

    def settle(self, now: float, limit: int | None) -> None:
        """Starts tasks for slots that became free since the last call; at most `limit` run at once."""
        # A slot was free from the moment its task ended, not from now.
        while self.running and self.running[0][0] <= now:
            ended, _, _ = self.running.pop(0)
            self._fill(ended, limit)
        self._fill(now, limit)

    def leave(self, task: Task) -> None:
        """Removes a deleted task."""
        if task.started is None:
            self.waiting.remove(task)
        else:
            self.running = [entry for entry in self.running if entry[2] is not task]

    def _fill(self, at: float, limit: int | None) -> None:
        while self.waiting and (limit is None or len(self.running) < limit):
            task = self.waiting.popleft()
            task.started = at
            bisect.insort(self.running, (task.ends, next(self._numbers), task))


class Tasks:
    """All tasks; the oldest is removed when there are more than `max_tasks`.

    `concurrency` gives how many tasks an organisation may run at once per model; None: no limit.
    """

    def __init__(
        self,
        clock: Clock,
        seconds: float,
        concurrency: Callable[[str], int | None] = lambda organisation: None,
        max_tasks: int = 200_000,
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._concurrency = concurrency
        self._max_tasks = max_tasks
        self._tasks: dict[str, Task] = {}
        self._queues: dict[tuple[str, str], _ModelQueue] = {}
        #: How many were ever made, also deleted ones.
        self.made = 0

    def __len__(self) -> int:
        return len(self._tasks)

    def create(
        self,
        organisation: str,
        model: str,
        prompt: str,
        estimate: float,
        portrait: bool = False,
        length: float = SECONDS,
    ) -> Task:
        """A new task; it starts at once unless the organisation's slots for the model are full."""
        now = self._clock()
        controls = PromptControls.read(prompt)
        seconds = self._seconds * controls.pace
        task = Task(
            str(uuid.uuid4()), organisation, model, now, seconds, controls, estimate, portrait, length
        )
        self._tasks[task.id] = task
        self.made += 1
        if self._concurrency(organisation) is None and (organisation, model) not in self._queues:
            # `[throttle]`: as long THROTTLED as it then takes, as if the slots had been full.
            task.started = now + seconds if controls.throttle else now
        else:
            self._queues.setdefault((organisation, model), _ModelQueue()).waiting.append(task)
            self._settle(organisation, model)
        while len(self._tasks) > self._max_tasks:
            oldest = next(iter(self._tasks.values()))
            self.remove(oldest.organisation, oldest.id)
        return task

    def get(self, organisation: str, task_id: str) -> Task | None:
        """The organisation's task, None if there is none or it is another's."""
        task = self._tasks.get(task_id)
        if task is None or task.organisation != organisation:
            return None
        self._settle(organisation, task.model)
        return task

    def find(self, task_id: str) -> Task | None:
        """Any organisation's task: a signed URL needs no key."""
        return self._tasks.get(task_id)

    def remove(self, organisation: str, task_id: str) -> Task | None:
        """Removes a task and frees its slot. None if there is none."""
        task = self.get(organisation, task_id)
        if task is None:
            return None
        del self._tasks[task_id]
        if queue := self._queues.get((organisation, task.model)):
            queue.leave(task)
            self._settle(organisation, task.model)
        return task

    def _settle(self, organisation: str, model: str) -> None:
        if queue := self._queues.get((organisation, model)):
            queue.settle(self._clock(), self._concurrency(organisation))


def iso(seconds: float) -> str:
    """ISO 8601 with milliseconds and Z, as Runway writes it."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")

"""What happened in one history, as plain data: the checker reads nothing else. Times in seconds."""

from __future__ import annotations

import msgspec

from chaos.limits import Limits


class Attempt(msgspec.Struct):
    """One create that a client sent. `reached`: as far as the client can tell, a proxy read it."""

    count: int
    begun: float
    ended: float
    result: str
    reached: bool = True


class Sight(msgspec.Struct):
    """What a client saw of its video; `status` is empty for a 404."""

    at: float
    status: str
    progress: int = 0


class Story(msgspec.Struct):
    """A wish for one video, and what its client got. `task`: the one that the video's bytes are of.

    `group`: wishes with the same content. `told`: how the create ended for the client.
    """

    wish: str
    group: str
    caller: str
    attempts: list[Attempt] = []
    video: str = ""
    task: str = ""
    told: str = ""
    #: Tasks whose bytes it was given as well.
    others: list[str] = []
    sights: list[Sight] = []
    #: Another caller asked for this client's video and did not get a 404.
    shown_to: str = ""
    #: It sends an Idempotency-Key; it asks each replica in turn.
    has_key: bool = False
    roams: bool = False


class Task(msgspec.Struct):
    """A task that the stand-in for Runway made; it has ended at `ends`.

    `asked`: when its create came, from this `process`; `told`: when it was answered with it, None for never.
    """

    id: str
    group: str
    made: float
    ends: float
    process: int = 0
    asked: float = 0.0
    told: float | None = None


class Event(msgspec.Struct):
    """What a webhook of this caller was told; `id` of the event. `taken`: it answered with 200."""

    at: float
    caller: str
    type: str
    video: str
    id: str
    taken: bool = True
    is_signed: bool = True


class Life(msgspec.Struct):
    """A process from its start to its end: "stopped" (SIGTERM), "killed" or "by itself"."""

    process: int
    log: str
    end: str
    begun: float = 0.0
    ended: float = 0.0


class Upset(msgspec.Struct):
    """What was done to a process."""

    at: float
    process: int
    what: str


class History(msgspec.Struct):
    """All of one history. `trace`: what happened, each line with its group, empty for all of them."""

    kind: str
    number: int
    stories: list[Story]
    tasks: list[Task]
    lives: list[Life]
    upsets: list[Upset] = []
    trace: list[tuple[float, str, str]] = []
    #: Creates that reached the stand-in.
    creates: int = 0
    seconds: float = 0.0
    store: str = "memory"
    #: Of callers who have any.
    limits: dict[str, Limits] = {}
    #: The account of each process, by its number.
    audits: list[str] = []
    #: Whether callers have webhooks, and what those were told.
    hooks: bool = False
    events: list[Event] = []

    @property
    def is_said_away(self) -> bool:
        """Whether a log says that the store was away, as it may be by itself on a busy machine."""
        return any("the store cannot be reached" in life.log for life in self.lives)


class Trace:
    """Collects what happens, by a clock that never goes back."""

    def __init__(self, now: float) -> None:
        self._start = now
        self.lines: list[tuple[float, str, str]] = []

    def say(self, now: float, group: str, text: str) -> None:
        """Notes a line."""
        self.lines.append((now - self._start, group, text))

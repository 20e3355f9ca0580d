"""What concerns the operator: the store, keys, Runway's answers, the account."""

from __future__ import annotations

from runway_videos.events.base import Event
from runway_videos.keys.balances import Balance


class StoreAway(Event, frozen=True):
    """The shared store cannot be reached; `problem` None: it is back."""

    problem: str | None


class StoreMayLose(Event, frozen=True):
    """A setting of the shared store's engine could lose what it holds; `problem` says which."""

    problem: str


class StoreLostData(Event, frozen=True):
    """The shared store has lost what it held."""


class RunwayAnswered(Event, frozen=True):
    """A call to Runway is over, after `seconds`. `call` is the client's method; `status` 0: no answer."""

    call: str
    seconds: float
    status: int


class BalanceKnown(Event, frozen=True):
    """Runway has said what a key's organisation has left. `first`: of this key, in this process."""

    key: str
    balance: Balance
    first: bool


class BalanceUnknown(Event, frozen=True):
    """Runway did not say what a key's organisation has left. Nothing else follows from it.

    `refused`: Runway does not take the key. `first`: of this key, in this process.
    """

    key: str
    problem: str
    refused: bool = False
    first: bool = True


class KeysChanged(Event, frozen=True):
    """The operator changed keys while the proxy runs: names of those that came and that were taken away,
    and those that have another weight. `now`: all, as a person is told of them."""

    now: str
    posted: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()


class KeysHeld(Event, frozen=True):
    """The configuration says something new of these keys, which stay as the operator changed them."""

    names: tuple[str, ...]


class BudgetReached(Event, frozen=True):
    """A caller's day has come to `percent` of a limit, or what is left is too little for its create.

    Told once a day. `text` has the numbers.
    """

    caller: str
    percent: int
    text: str


class RepeatStorm(Event, frozen=True):
    """A caller has repeated creates so often within `seconds`; nothing was sent for that."""

    caller: str
    repeats: int
    seconds: float

    @property
    def who(self) -> str:
        return self.caller or "the local user"

    @property
    def text(self) -> str:
        """What an operator is told."""
        return (
            f"{self.who} has repeated creates {self.repeats} times within {self.seconds:.0f} s: its client "
            "gives up too early, or repeats in a loop. None was sent again"
        )


class AlertFailed(Event, frozen=True):
    """A receiver of alerts, at `host`, was not told of so many; 0: it is tried again."""

    host: str
    problem: str
    alerts: int


class AuditFailed(Event, frozen=True):
    """The account of what is made could not be written; `problem` None: it is written again."""

    problem: str | None

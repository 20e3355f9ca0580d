"""The pool of Runway keys: who may take this create, and what to say when nobody may.

A create goes to a key whose `models` fit, whose weight is above 0 and that has no cooldown; if some
of them have room for the model, to one of those. Among them the turns go by weight: a turn
counts when a task was made or may have been. Everything else about a video goes to the key that
made it. A new configuration is a new pool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from fnmatch import fnmatchcase
from math import isfinite
from typing import Any

import msgspec

from runway_videos.errors import ApiError
from runway_videos.keys.cooldowns import SECONDS, CooldownChange, Cooldowns, KeyReport
from runway_videos.keys.key_now import KeyNow
from runway_videos.keys.no_key import KeyState, closed_key_error, no_creating_key_error, no_key_error
from runway_videos.keys.weighted_round_robin import ReservedTurn, WeightedRoundRobin
from runway_videos.logs import on_one_line

__all__ = ["Failure", "Key", "KeyPool", "KeyReport", "PickedKey"]

_LONGEST_REASON = 300
#: After how long a client may ask again where all queues are full and Runway does not say: a stock client
#: asks three times, and has its answer after twice as long.
QUEUE_SECONDS = 5.0


class Key(msgspec.Struct, frozen=True):
    """A Runway API key. Its value is in no repr. Weight 0: serves its videos, takes no new ones."""

    name: str
    value: str
    models: tuple[str, ...] = ("*",)
    weight: float = 1.0
    on_behalf_of: str | None = None

    def __repr__(self) -> str:
        return f"Key({self.name!r}, models={self.models!r}, weight={self.weight!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("name", self.name)]

    def takes(self, model: str) -> bool:
        """Whether a pattern fits the Runway model; `runway/gen4*` is the same as `gen4*`."""
        return any(fnmatchcase(model, each.removeprefix("runway/")) for each in self.models)


def is_weight(weight: float) -> bool:
    """Whether a number can be a key's weight: 0 or more."""
    return isfinite(weight) and weight >= 0


class Failure(msgspec.Struct, frozen=True):
    """Why a key could not take this create. `report` None: it was not reached.

    `reason` is Runway's own text: for the log, and for the caller whose create this is. `retry_after`:
    after how many seconds it takes another one, as Runway says.
    """

    report: KeyReport | None
    reason: str
    retry_after: int | None = None


class PickedKey(msgspec.Struct, frozen=True):
    """A key that a create goes out with. Every one is handed to `KeyPool.end` when that is over."""

    key: Key
    turn: ReservedTurn


class KeyPool:
    """The keys, in the order of the configuration; names must differ, weights be 0 or more.

    `clock` gives seconds that never go back. For one thread.
    """

    def __init__(
        self,
        keys: Iterable[Key],
        clock: Callable[[], float],
        changed: Callable[[CooldownChange], None] = lambda change: None,
        before: KeyPool | None = None,
    ) -> None:
        """`changed` is told of cooldowns that begin and end here. `before`: whose place it takes."""
        self._keys: dict[str, Key] = {}
        for key in keys:
            if key.name in self._keys:
                raise ValueError(f"two Runway keys have the name {key.name}")
            if not is_weight(key.weight):
                raise ValueError(f"the weight of {key.name} must be a number of 0 or more")
            self._keys[key.name] = key
        self._clock = clock
        self._cooldowns: Cooldowns = Cooldowns(clock, changed=changed)
        self._in_flight: Counter[str] = Counter()
        if before is not None:
            self._follow(before)
        self._round_robin = WeightedRoundRobin()

    def _follow(self, before: KeyPool) -> None:
        """Goes on with the cooldowns of keys that stay."""
        self._cooldowns, self._in_flight = before._cooldowns, before._in_flight
        for name, old in before._keys.items():
            if (new := self._keys.get(name)) is None or new.value != old.value:
                self._cooldowns.forget(name)

    def get(self, name: str) -> Key | None:
        """The key of that name, whatever its weight and cooldown."""
        return self._keys.get(name)

    def serves(self, model: str, only: str | None = None) -> bool:
        """Whether some key may create with the Runway model, now or when its cooldown is over.

        `only`: as for `pick`.
        """
        keys = (key for key in self._keys.values() if only in (None, key.name))
        return any(key.weight > 0 and key.takes(model) for key in keys)

    def pick(
        self,
        model: str,
        failures: Mapping[str, Failure] | None = None,
        only: str | None = None,
        short: Container[str] = (),
    ) -> PickedKey | None:
        """The key for a create of the Runway model `model`; None: `no_key_error` says why.

        `failures` names the keys that could not take this create: none of them again. `only`: the
        one key that may, whose organisation has what it is made from. `short`: keys that are thought
        not to be able to pay; they are asked where no other is left, for it may not be so any more.
        """
        failed = failures or {}
        ready = [key for key in self._keys.values() if self._is_ready(key, model)]
        able = [key for key in ready if key.name not in failed and only in (None, key.name)]
        if not able:
            return None
        for poor in (short, {key.name for key in ready if self._cooldowns.is_full(key.name, model)}):
            if better := [key for key in able if key.name not in poor]:
                able, ready = better, [key for key in ready if key.name not in poor]
        # Who stands in for a key that failed has had a turn, and the other one stays due.
        weights = {key.name: key.weight for key in ready}
        turn = self._round_robin.next(weights, [key.name for key in able])
        self._cooldowns.begin_create(turn.name)
        self._in_flight[turn.name] += 1
        return PickedKey(self._keys[turn.name], turn)

    def end(self, picked: PickedKey, made: bool) -> None:
        """The create is over with this key. `made`: it made a task or may have; else no turn is counted.

        What the call told about the key is reported before.
        """
        self._cooldowns.end_create(picked.key.name)
        self._in_flight[picked.key.name] -= 1
        if made:
            picked.turn.keep()
        else:
            picked.turn.give_back()

    def report(
        self, name: str, model: str, report: KeyReport, reason: str = "", request: bytes = b""
    ) -> bool:
        """What a call with the key `name` told; `reason` is Runway's own text.

        `request` stands for the content of the create. True: it failed alone so far, so that only a
        check of the key can say more (`confirm`). A name of an earlier configuration is passed over.
        """
        if name not in self._keys:
            return False
        return self._cooldowns.report(name, model, report, self._clean(reason), request)

    def confirm(self, name: str, model: str, report: KeyReport, reason: str = "") -> None:
        """A check of the key said the same."""
        if name in self._keys:
            self._cooldowns.confirm(name, model, report, self._clean(reason))

    def learn(self, change: CooldownChange) -> None:
        """Another process's cooldown, of a key of the same name."""
        if change.name in self._keys:
            self._cooldowns.learn(change)

    def no_key_error(
        self, model: str, failures: Mapping[str, Failure] | None = None, only: str | None = None
    ) -> ApiError:
        """The error for a create that `pick` finds no key for."""
        keys = [key for key in self._keys.values() if only in (None, key.name)]
        creators = [key for key in keys if key.weight > 0]
        if only is not None and not any(key.takes(model) for key in creators):
            return closed_key_error(model, bool(creators))
        if not creators:
            return no_creating_key_error(bool(keys))
        failed = failures or {}
        states = [self._state(key.name, model, failed) for key in creators if key.takes(model)]
        return no_key_error(model, states)

    def now(self) -> list[KeyNow]:
        """Each key as it is now, in the order of the configuration."""
        return [
            KeyNow(key.name, key.weight, self._in_flight[key.name], self._cooldowns.active(key.name))
            for key in self._keys.values()
        ]

    def why_not_ready(self, models: Collection[str]) -> str:
        """Why no key takes a create of any of these models now, "" where one does; names no key."""
        creators = [key for key in self._keys.values() if key.weight > 0]
        causes: dict[str, None] = {}
        for key in creators:
            # A pattern may be for models that are not known here.
            for model in [model for model in models if key.takes(model)] or [""]:
                cooldown = self._cooldowns.cooldown_of(key.name, model)
                if cooldown is None:
                    return ""
                causes[cooldown.cause.value] = None
        if not creators:
            return "all Runway keys have weight 0" if self._keys else "no Runway key is configured"
        return f"all Runway keys are in a cooldown: {', '.join(causes)}"

    def __repr__(self) -> str:
        return f"KeyPool({list(self._keys)!r})"

    def _is_ready(self, key: Key, model: str) -> bool:
        fits = key.weight > 0 and key.takes(model)
        return fits and self._cooldowns.cooldown_of(key.name, model) is None

    def _state(self, name: str, model: str, failed: Mapping[str, Failure]) -> KeyState:
        cooldown = self._cooldowns.cooldown_of(name, model)
        seconds = max(cooldown.until - self._clock(), 0) if cooldown else 0.0
        if name in failed:
            failure = failed[name]
            if failure.retry_after is not None:
                seconds = failure.retry_after
            elif failure.report is KeyReport.QUEUE_FULL:
                seconds = QUEUE_SECONDS
            elif cooldown is None or cooldown.cause is not failure.report:
                seconds = SECONDS.get(failure.report, 0.0) if failure.report else 0.0
            return KeyState(name, failure.report, seconds, self._clean(failure.reason), own=True)
        if cooldown is None:
            return KeyState(name, None, 0.0, "")
        return KeyState(name, cooldown.cause, seconds, cooldown.reason)

    def _clean(self, reason: str) -> str:
        for key in self._keys.values():
            if key.value:
                reason = reason.replace(key.value, "***")
        return " ".join(on_one_line(reason).split())[:_LONGEST_REASON]

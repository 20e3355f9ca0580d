"""The pool of Runway keys: who may take this create, and what to say when nobody may.

A create goes to a key whose `models` fit, whose weight is above 0 and that does not rest
(`health` has the rules); if some of them have room for the model, to one of those. Among them the
turns go by weight, exactly (`turns`). Everything else about a video goes to the key that made it.
A new configuration is a new pool.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from fnmatch import fnmatchcase
from math import ceil, isfinite
from typing import Any

import msgspec

from runway_videos.errors import ApiError
from runway_videos.keys.cooldowns import Cooldown, Cooldowns, Outcome
from runway_videos.keys.weighted_round_robin import WeightedRoundRobin

__all__ = ["Key", "KeyPool", "Outcome"]

_LONGEST_REASON = 300
_LONGEST_MODEL = 64


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


class _NoKeyRefusal(msgspec.Struct, frozen=True):
    """What is said when this is the best that can be said of any key."""

    status: int
    code: str
    message: str
    label: str = ""  # before Runway's own text
    retry: bool | None = None
    param: str | None = None


# None is a key that was tried in this create and has no mark: not reached, or overloaded.
# The first cause that any key has decides, so the order is: what passes soonest by itself, then
# what passes within a day, then what somebody has to pay for, repair, or ask for otherwise.
_NO_KEY_REFUSALS: dict[Outcome | None, _NoKeyRefusal] = {
    None: _NoKeyRefusal(503, "runway_unavailable", "Runway could not take this video now; try again."),
    Outcome.THROTTLED: _NoKeyRefusal(
        429, "rate_limit_exceeded", "Runway takes no more of this model now.", "No room"
    ),
    Outcome.DAILY_LIMIT: _NoKeyRefusal(
        429,
        "rate_limit_exceeded",
        "Every Runway key that may make this video is at its daily limit or out of service.",
        "Daily limit",
    ),
    Outcome.NO_CREDITS: _NoKeyRefusal(
        429,
        "insufficient_quota",
        "No Runway key that may make this video has credits left.",
        "Credits",
        retry=False,
    ),
    Outcome.REFUSED: _NoKeyRefusal(
        503,
        "runway_key_refused",
        "Runway refuses this proxy's API key; its operator has to look at runway_keys or RUNWAY_API_KEY.",
        "Key refused",
        retry=False,
    ),
    Outcome.MODEL_CLOSED: _NoKeyRefusal(
        403,
        "model_not_available",
        "The model {model} is not available to any Runway key of this proxy.",
        "Model not available",
        param="model",
    ),
}
_NO_KEY = (
    "No Runway key is configured. Set RUNWAY_API_KEY, or runway_keys in mitm.conf;"
    " runway_sandbox=true tries everything without a key."
)
_NO_WEIGHT = (
    "All Runway keys have weight 0: they serve the videos they made and take no new ones."
    " Give one in runway_keys a weight above 0."
)
_NO_PATTERN = "The model {model} is open to no Runway key of this proxy (`models` of each in runway_keys)."


class KeyPool:
    """The keys, in the order of the configuration; names must differ, weights be 0 or more.

    `clock` gives seconds that never go back. For one thread.
    """

    def __init__(self, keys: Iterable[Key], clock: Callable[[], float]) -> None:
        self._keys: dict[str, Key] = {}
        for key in keys:
            if key.name in self._keys:
                raise ValueError(f"two Runway keys have the name {key.name}")
            if not (isfinite(key.weight) and key.weight >= 0):
                raise ValueError(f"the weight of {key.name} must be a number of 0 or more")
            self._keys[key.name] = key
        self._clock = clock
        self._cooldowns = Cooldowns(clock)
        self._round_robin = WeightedRoundRobin()

    def get(self, name: str) -> Key | None:
        """The key of that name, whatever its weight and health."""
        return self._keys.get(name)

    def pick(self, model: str, tried: Collection[str] = ()) -> Key | None:
        """The key for a create of the Runway model `model`, none of `tried`; None: `why_none`.

        Tell what came of it to `report`, or to `release` when it was not used or stays unknown.
        """
        able = [
            key
            for key in self._keys.values()
            if self._open(key, model)
            and key.name not in tried
            and self._cooldowns.cooldown_of(key.name, model) is None
        ]
        if not able:
            return None
        room = [key for key in able if self._cooldowns.full(key.name, model) is None]
        name = self._round_robin.next({key.name: key.weight for key in room or able})
        self._cooldowns.begin(name)
        return self._keys[name]

    def report(self, name: str, model: str, outcome: Outcome, reason: str = "") -> None:
        """What a call with the key `name` told; `reason` is Runway's own text.

        A name that is not in the pool (of an earlier configuration) is passed over.
        """
        if name in self._keys:
            self._cooldowns.report(name, model, outcome, self._clean(reason))

    def release(self, name: str) -> None:
        """The picked key was not used, or what came of it is unknown."""
        self._cooldowns.release(name)

    def no_key_error(self, model: str, tried: Collection[str] = ()) -> ApiError:
        """The error for a create that `pick` finds no key for, with Runway's own reasons.

        Where keys differ, the one that a caller can hope for soonest decides; see `_WORDS`.
        """
        escaped = repr(" ".join(model.split())[:_LONGEST_MODEL])
        creators = [key for key in self._keys.values() if key.weight > 0]
        if not creators:
            text = _NO_WEIGHT if self._keys else _NO_KEY
            return ApiError(503, text, code="no_runway_key", retry=False)
        cooldowns = {key.name: self._cooldown(key, model, tried) for key in creators if key.takes(model)}
        if not cooldowns:
            text = _NO_PATTERN.format(model=escaped)
            return ApiError(403, text, code="model_not_available", param="model")
        causes = [cooldown.cause if cooldown else None for cooldown in cooldowns.values()]
        refusal = next(_NO_KEY_REFUSALS[cause] for cause in _NO_KEY_REFUSALS if cause in causes)
        now = self._clock()
        waits = [
            cooldown.until - now
            for cooldown in cooldowns.values()
            if cooldown and cooldown.cause in (Outcome.DAILY_LIMIT, Outcome.NO_CREDITS, Outcome.THROTTLED)
        ]
        limited = refusal.status == 429 and refusal.retry is None
        return ApiError(
            refusal.status,
            refusal.message.format(model=escaped) + _reasons(cooldowns.values()),
            code=refusal.code,
            type="insufficient_quota" if refusal.code == "insufficient_quota" else None,
            param=refusal.param,
            retry=refusal.retry,
            retry_after=max(ceil(min(waits)), 1) if limited else None,
            detail=_detail(cooldowns, now),
        )

    def __repr__(self) -> str:
        return f"KeyPool({list(self._keys)!r})"

    def _open(self, key: Key, model: str) -> bool:
        return key.weight > 0 and key.takes(model)

    def _cooldown(self, key: Key, model: str, tried: Collection[str]) -> Cooldown | None:
        cooldown = self._cooldowns.cooldown_of(key.name, model)
        return cooldown or (self._cooldowns.full(key.name, model) if key.name in tried else None)

    def _clean(self, reason: str) -> str:
        for key in self._keys.values():
            if key.value:
                reason = reason.replace(key.value, "***")
        text = "".join(each if each.isprintable() else " " for each in reason)
        return " ".join(text.split())[:_LONGEST_REASON]


def _reasons(cooldowns: Iterable[Cooldown | None]) -> str:
    found = [
        f"{_NO_KEY_REFUSALS[cooldown.cause].label}: {cooldown.reason}"
        for cooldown in cooldowns
        if cooldown and cooldown.reason
    ]
    return f" Runway's reasons: {'; '.join(dict.fromkeys(found))}" if found else ""


def _detail(cooldowns: dict[str, Cooldown | None], now: float) -> str:
    return "; ".join(
        f"{name}: {cooldown.cause.value}, {max(cooldown.until - now, 0):.0f} s more ({cooldown.reason})"
        if cooldown
        else f"{name}: tried in vain"
        for name, cooldown in cooldowns.items()
    )

"""What each key's organisation has left, as Runway said last: credits, and videos of today by model.

Between two answers the credits of videos that were made here are taken off. An answer is believed
for `MAX_AGE_SECONDS`; after that nothing is known, and no key is passed over for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

#: How long an answer is believed.
MAX_AGE_SECONDS = 900.0


class DailyUse(msgspec.Struct, frozen=True):
    """Videos of a model: made within the last day, and how many may be."""

    made: int
    limit: int


class Balance(msgspec.Struct, frozen=True):
    """What an organisation has. `daily` by model: those that have a limit."""

    credits: float
    daily: Mapping[str, DailyUse] = {}


class _Known(msgspec.Struct):
    balance: Balance
    since: float
    spent: float = 0.0


class Balances:
    """The balances of keys, by name. `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[str, _Known] = {}

    def learn(self, name: str, balance: Balance) -> None:
        """Runway has said what the key's organisation has."""
        self._known[name] = _Known(balance, self._clock())

    def forget(self, name: str) -> None:
        """The name is of another key now."""
        self._known.pop(name, None)

    def spend(self, name: str, credits: float) -> None:
        """A video was made with the key that costs so much."""
        if (known := self._known.get(name)) is not None:
            known.spent += credits

    def of(self, name: str) -> Balance | None:
        """The key's balance now, None where it is not known."""
        known = self._known.get(name)
        if known is None or self._clock() - known.since > MAX_AGE_SECONDS:
            return None
        return msgspec.structs.replace(known.balance, credits=known.balance.credits - known.spent)

    def short_of(self, credits: float | None) -> frozenset[str]:
        """The keys that are known not to be able to pay for a create; None: its price is not known."""
        least = credits or 0.0
        balances = {name: self.of(name) for name in self._known}
        return frozenset(
            name
            for name, balance in balances.items()
            if balance is not None and (balance.credits < least or balance.credits <= 0)
        )


def read(organization: Mapping[str, object]) -> Balance | None:
    """The answer of `GET /v1/organization`; None where it does not tell the credits."""
    credits = organization.get("creditBalance")
    if not _is_number(credits):
        return None
    tier, usage = _models(organization.get("tier")), _models(organization.get("usage"))
    daily = {
        model: DailyUse(_count(usage.get(model), "dailyGenerations") or 0, limit)
        for model, limits in tier.items()
        if (limit := _count(limits, "maxDailyGenerations")) is not None
    }
    return Balance(float(str(credits)), daily)


def _models(part: object) -> Mapping[str, object]:
    models = part.get("models") if isinstance(part, dict) else None
    return models if isinstance(models, dict) else {}


def _count(of: object, name: str) -> int | None:
    found = of.get(name) if isinstance(of, dict) else None
    return int(str(found)) if _is_number(found) and isinstance(found, int) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

"""Whose turn it is: weights kept exactly, each key's share within one create of what it is due."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from fractions import Fraction
from math import lcm

# A state is a few hundred bytes; sets come from model patterns, health and failover.
MAX_SETS = 1024


class _Shares:
    """For one set of keys: how far each is behind, in units of 1 / `total` of a create."""

    __slots__ = ("behind", "total", "weights")

    def __init__(self, weights: Mapping[str, float]) -> None:
        # As decimals, so that 0.1 and 0.2 are exactly 1 to 2; in whole numbers nothing drifts.
        shares = {name: Fraction(str(weight)) for name, weight in weights.items()}
        scale = lcm(*(share.denominator for share in shares.values()))
        self.weights = {name: int(share * scale) for name, share in shares.items()}
        self.total = sum(self.weights.values())
        self.behind = dict.fromkeys(self.weights, 0)


class WeightedRoundRobin:
    """Smooth weighted round robin with one state per set of names; not for several threads.

    The known method of that name (nginx: raise all by their weight, take the highest) is smooth,
    but may stray by more than one turn: with weights 50, 50 and ten times 1 it does, by 1.27.
    This is Tijdeman's (The chairman assignment problem, 1980), as smooth, and for m names never
    off by more than 1 - 1/(2m - 2): of the names that are at least 1/(2m - 2) of a turn behind,
    take the one that would first be that far off. Among equals the first in the mapping's order.
    """

    def __init__(self, max_sets: int = MAX_SETS) -> None:
        self._sets: OrderedDict[frozenset[str], _Shares] = OrderedDict()
        self._max_sets = max_sets

    def next(self, weights: Mapping[str, float]) -> str:
        """The name whose turn it is among `weights`, which are above 0 and hold at least one.

        A name must keep its weight for the life of this object.
        """
        lags = self._state(weights)
        for name, weight in lags.weights.items():
            lags.behind[name] += weight
        parts = max(2 * len(lags.weights) - 2, 1)
        chosen, soonest = "", None
        for name in weights:
            behind = lags.behind[name] * parts
            if behind < lags.total:
                continue
            left = Fraction(lags.total * (parts - 1) - behind, lags.weights[name])
            if soonest is None or left < soonest:
                chosen, soonest = name, left
        lags.behind[chosen] -= lags.total
        return chosen

    def _state(self, weights: Mapping[str, float]) -> _Shares:
        names = frozenset(weights)
        lags = self._sets.get(names)
        if lags is None:
            lags = self._sets[names] = _Shares(weights)
            if len(self._sets) > self._max_sets:
                self._sets.popitem(last=False)
        self._sets.move_to_end(names)
        return lags

"""Whose turn it is: weights kept exactly, each key's share within one create of what it is due.

A turn counts from the moment it is taken, so that creates in flight are spread too. One that made
nothing is given back, as if it had never been taken.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from fractions import Fraction
from math import lcm

# A state is a few hundred bytes; sets come from model patterns and cooldowns.
MAX_SETS = 1024
#: A name that others had to stand in for gets so many turns back at most, not hours of them at once.
MAX_TURNS_AHEAD = 8


class _Shares:
    """For one set of names: how far each is behind, in units of 1 / `total` of a turn."""

    __slots__ = ("behind", "total", "weights")

    def __init__(self, weights: Mapping[str, float]) -> None:
        # As decimals, so that 0.1 and 0.2 are exactly 1 to 2; in whole numbers nothing drifts.
        shares = {name: Fraction(str(weight)) for name, weight in weights.items()}
        scale = lcm(*(share.denominator for share in shares.values()))
        self.weights = {name: int(share * scale) for name, share in shares.items()}
        self.total = sum(self.weights.values())
        self.behind = dict.fromkeys(self.weights, 0)

    def count(self, name: str, turns: int) -> None:
        """Adds turns of `name`; -1 takes one back."""
        for each, weight in self.weights.items():
            self.behind[each] += turns * weight
        self.behind[name] -= turns * self.total

    def most_due(self, names: Collection[str]) -> str:
        """The name of the next turn (see WeightedRoundRobin)."""
        parts = max(2 * len(self.weights) - 2, 1)
        due = {name: (self.behind[name] + self.weights[name]) * parts for name in names}
        behind = [name for name in names if due[name] >= self.total]
        latest = self.total * (parts - 1)
        return min(behind or names, key=lambda name: Fraction(latest - due[name], self.weights[name]))


class ReservedTurn:
    """A name's turn. It counts until `give_back`."""

    __slots__ = ("_shares", "name")

    def __init__(self, shares: _Shares, name: str) -> None:
        self.name = name
        self._shares = shares
        shares.count(name, 1)

    def keep(self) -> None:
        """Something was made, or may have been."""
        if self._shares.behind[self.name] < -MAX_TURNS_AHEAD * self._shares.total:
            self.give_back()

    def give_back(self) -> None:
        """Nothing was made. At most once a turn, and not after `keep`."""
        self._shares.count(self.name, -1)


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

    def next(self, weights: Mapping[str, float], among: Collection[str] = ()) -> ReservedTurn:
        """The turn of the name that is due among `weights`, which are above 0 and hold at least one.

        `among`: the only names of them that can take it now. Whoever stands in for another has had
        a turn, and the other one is due. A name must keep its weight for the life of this object.
        """
        shares = self._state(weights)
        return ReservedTurn(shares, shares.most_due([name for name in weights if not among or name in among]))

    def _state(self, weights: Mapping[str, float]) -> _Shares:
        names = frozenset(weights)
        shares = self._sets.get(names)
        if shares is None:
            shares = self._sets[names] = _Shares(weights)
            if len(self._sets) > self._max_sets:
                self._sets.popitem(last=False)
        self._sets.move_to_end(names)
        return shares

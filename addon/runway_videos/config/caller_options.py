"""`runway_callers`: who may use the proxy, and how much of it."""

from __future__ import annotations

from fnmatch import fnmatchcase

import msgspec

from runway_videos.config import value_warnings
from runway_videos.config.option_reader import OptionReader

_OPTION = "runway_callers"
_MOST_UNFINISHED = 1000
_MOST = 1e12


class Limits(msgspec.Struct, frozen=True):
    """What a caller may make; None is no limit. Days are UTC.

    `models`: patterns, for the name that is asked for or the Runway model that it becomes.
    `concurrency`: videos at once that have not ended.
    """

    models: tuple[str, ...] | None = None
    credits_per_day: float | None = None
    videos_per_day: int | None = None
    concurrency: int | None = None

    @property
    def counts(self) -> bool:
        """Whether what the caller makes has to be counted."""
        return any(each is not None for each in (self.credits_per_day, self.videos_per_day, self.concurrency))

    def allows(self, asked: str, model: str) -> bool:
        """Whether a pattern fits the name that was asked for, or the Runway model `model`."""
        if self.models is None:
            return True
        names, patterns = {asked.removeprefix("runway/"), model}, self.models
        return any(fnmatchcase(name, each.removeprefix("runway/")) for name in names for each in patterns)


class Caller(msgspec.Struct, frozen=True):
    """Someone who may use the proxy, known by a token.

    `pass_token`: it is the client's key for the hosts of `runway_hosts` too, and goes on to them.
    """

    name: str
    value: str
    pass_token: bool = False
    limits: Limits = Limits()

    def __repr__(self) -> str:
        return f"Caller({self.name!r})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        return [("name", self.name)]


def read_callers(reader: OptionReader, values: object) -> tuple[Caller, ...]:
    """The callers of the option. Raises ConfigError."""
    callers: list[Caller] = []
    allowed = ("name", "value", "pass_token", *Limits.__struct_fields__)
    for item in reader.items(_OPTION, values, allowed):
        name = str(item["name"])
        secret, missing = reader.secret(_OPTION, item)
        if secret is None:
            # Going on without would turn a caller away, or let everyone in if it was the only one.
            raise reader.fail(_OPTION, f"{name}: {missing}")
        if any(secret == other.value for other in callers):
            raise reader.fail(_OPTION, f"{name} has the token of another caller")
        if problem := value_warnings.of_token(secret):
            reader.warn(_OPTION, f"{name} {problem}")
        pass_token = item.get("pass_token", False)
        if not isinstance(pass_token, bool):
            raise reader.fail(_OPTION, f"pass_token of {name} must be true or false")
        callers.append(Caller(name, secret, pass_token, _limits(reader, name, item)))
    return tuple(callers)


def _limits(reader: OptionReader, name: str, item: dict[str, object]) -> Limits:
    models = item.get("models")
    credits = item.get("credits_per_day")
    if credits is not None and not _is_number(credits, _MOST):
        raise reader.fail(_OPTION, f"credits_per_day of {name} must be a number of 0 or more")
    return Limits(
        None if models is None else reader.patterns(_OPTION, name, models),
        None if credits is None else float(str(credits)),
        _whole(reader, name, "videos_per_day", item, _MOST),
        _whole(reader, name, "concurrency", item, _MOST_UNFINISHED),
    )


def _whole(reader: OptionReader, name: str, field: str, item: dict[str, object], most: float) -> int | None:
    value = item.get(field)
    if value is None:
        return None
    if not isinstance(value, int) or not _is_number(value, most):
        raise reader.fail(_OPTION, f"{field} of {name} must be a whole number from 0 to {most:.0f}")
    return value


def _is_number(value: object, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most

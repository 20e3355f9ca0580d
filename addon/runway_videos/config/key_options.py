"""`runway_keys`, and `runway_admin`, whose token may change them while the proxy runs."""

from __future__ import annotations

from collections.abc import Iterable

from runway_videos.config import value_warnings
from runway_videos.config.caller_options import Caller
from runway_videos.config.option_reader import VISIBLE, OptionReader
from runway_videos.config.secret_sources import is_reference
from runway_videos.keys.pool import Key, is_weight

#: Environment variables that hold one key, in this order, when `runway_keys` is not set.
KEY_VARIABLES = ("RUNWAY_API_KEY", "RUNWAYML_API_SECRET")
#: The name of the key that comes from one of them. Ids of videos carry a hash of it.
DEFAULT_KEY_NAME = "default"

_FIELDS = ("name", "value", "models", "weight", "on_behalf_of")


def read_keys(reader: OptionReader, values: object, base_url: str) -> tuple[Key, ...]:
    """The keys of the option; where there are none, that of the environment. Raises ConfigError."""
    items = reader.items("runway_keys", values, _FIELDS)
    if not items:
        for variable in KEY_VARIABLES:
            if reader.environ.get(variable, "").strip():
                item: dict[str, object] = {"name": DEFAULT_KEY_NAME, "value": f"env.{variable}"}
                secret, _ = reader.secret(variable, item)
                if problem := value_warnings.of_key(secret or "", base_url):
                    reader.warn(variable, problem)
                return (Key(name=DEFAULT_KEY_NAME, value=secret or ""),)
        return ()
    return keys_of(reader, items, base_url)


def posted_keys(reader: OptionReader, values: object, base_url: str) -> tuple[Key, ...]:
    """Keys that come while the proxy runs, by the rules of the option. Raises ConfigError."""
    keys = keys_of(reader, reader.items("runway_keys", values, _FIELDS), base_url)
    for name, missing in reader.left_out.items():
        raise reader.fail("runway_keys", f"{name}: {missing}")
    return keys


def keys_of(reader: OptionReader, items: Iterable[dict[str, object]], base_url: str) -> tuple[Key, ...]:
    """A key for each item that has a secret; the others are noted as left out. Raises ConfigError."""
    keys = []
    for item in items:
        name = str(item["name"])
        secret, missing = reader.secret("runway_keys", item)
        if secret is None:
            # The other keys still serve: one team's slip must not stop the others.
            reader.warn("runway_keys", f"{name} is left out, {missing}")
            reader.left_out[name] = missing
            continue
        if problem := value_warnings.of_key(secret, base_url):
            reader.warn("runway_keys", f"{name} {problem}")
        behalf = item.get("on_behalf_of")
        if behalf is not None and not (isinstance(behalf, str) and VISIBLE.fullmatch(behalf)):
            raise reader.fail("runway_keys", f"on_behalf_of of {name} must be visible ASCII text")
        keys.append(
            Key(
                name=name,
                value=secret,
                models=reader.patterns("runway_keys", name, item.get("models", ["*"])),
                weight=_weight(reader, name, item.get("weight", 1)),
                on_behalf_of=behalf,
            )
        )
    for problem in value_warnings.of_keys(keys):
        reader.warn("runway_keys", problem)
    return tuple(keys)


def _weight(reader: OptionReader, name: str, weight: object) -> float:
    good = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not good or not is_weight(float(str(weight))):
        raise reader.fail("runway_keys", f"weight of {name} must be a number of 0 or more")
    return float(str(weight))


def read_admin(reader: OptionReader, value: object, callers: Iterable[Caller]) -> str:
    """The operator's token, "" where there is none. Raises ConfigError."""
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        return ""
    if not is_reference(text):
        raise reader.fail("runway_admin", "must be env.NAME or file.PATH, where the token is")
    found = reader.find(text)
    if found.secret is None:
        raise reader.fail("runway_admin", found.missing)
    if not VISIBLE.fullmatch(found.secret):
        raise reader.fail("runway_admin", "the token must be visible ASCII without spaces")
    if any(caller.value == found.secret for caller in callers):
        raise reader.fail("runway_admin", "is the token of a caller")
    if problem := value_warnings.of_token(found.secret):
        reader.warn("runway_admin", problem)
    return found.secret

"""Reads single values of the options; every mistake is named, doubts are collected as warnings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from runway_videos.conf_file import ConfigError

#: What a header may carry: visible ASCII without spaces.
VISIBLE = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_SIZE = re.compile(r"(\d+)([kmg]?)b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class OptionReader:
    """Reads single values; collects warnings on the way."""

    def __init__(self, environ: Mapping[str, str], where: Callable[[str], str]) -> None:
        self.environ = environ
        self.where = where
        self.warnings: list[str] = []

    def fail(self, option: str, problem: str) -> ConfigError:
        return ConfigError(f"{self.where(option)}: {problem}")

    def items(self, option: str, values: object, allowed: Sequence[str]) -> list[dict[str, object]]:
        """A list of mappings; from the command line each comes as one JSON object."""
        if not isinstance(values, (list, tuple)):
            raise self.fail(option, f"must be a list of mappings {{{', '.join(allowed)}}}")
        found = []
        for value in values:
            item = value
            if isinstance(value, str):
                try:
                    item = msgspec.json.decode(value)
                except msgspec.DecodeError:
                    item = None
            if not isinstance(item, dict):
                example = '{"name": "team-a", "value": "env.TEAM_A_KEY"}'
                raise self.fail(option, f"each must be a mapping like {example}")
            for name in item:
                if name not in allowed:
                    raise self.fail(option, f"there is no {name}; allowed: {', '.join(allowed)}")
            found.append(item)
        names = [self.name(option, item) for item in found]
        for name in names:
            if names.count(name) > 1:
                raise self.fail(option, f"the name {name} stands twice")
        return found

    def name(self, option: str, item: dict[str, object]) -> str:
        name = item.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise self.fail(option, f"name {name!r} must match {_NAME.pattern}")
        return name

    def secret(self, option: str, item: dict[str, object]) -> tuple[str | None, str]:
        """A secret and the variable it comes from; None where that variable is not set."""
        name, value = item["name"], item.get("value")
        if not isinstance(value, str) or not value:
            raise self.fail(option, f"{name} needs a value like env.MY_VARIABLE")
        variable = value.removeprefix("env.") if value.startswith("env.") else ""
        if not variable:
            self.warnings.append(
                f"{option}: {name} has its secret written out; value: env.MY_VARIABLE keeps it apart"
            )
        secret = self.environ.get(variable, "") if variable else value
        if secret and not VISIBLE.fullmatch(secret.strip()):
            raise self.fail(option, f"the value of {name} must be visible ASCII without spaces")
        return secret.strip() or None, variable

    def url(self, option: str, value: object, schemes: Sequence[str]) -> str:
        parts = urlsplit(value if isinstance(value, str) else "")
        try:
            good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good:
            raise self.fail(option, f"{value!r} must be a URL like {schemes[-1]}://host:port")
        return str(value).rstrip("/")

    def size(self, option: str, value: object) -> int:
        match = _SIZE.fullmatch(str(value).strip())
        if not match or not int(match[1]):
            raise self.fail(option, f"{value!r} must be a size like 64m (suffixes k, m, g)")
        return int(match[1]) * _UNITS[match[2].lower()]

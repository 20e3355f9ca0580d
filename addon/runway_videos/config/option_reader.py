"""Reads single values of the options; every mistake is named, doubts are collected as warnings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from urllib.parse import urlsplit

import msgspec

from runway_videos.config import value_warnings
from runway_videos.config.conf_file import ConfigError
from runway_videos.config.file_permissions import mode_text, others_can_read
from runway_videos.config.secret_sources import ENVIRONMENT, FILE, Found, find, is_reference
from runway_videos.hosts import is_loopback_host
from runway_videos.logs import escaped, may_be_shown

#: What a header may carry: visible ASCII without spaces.
VISIBLE = re.compile(r"[\x21-\x7e]+")
# A name or an IP address, without port and patterns: it is compared as a whole.
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]*:[0-9a-f:.]*")
#: A name of a key or of a caller.
NAME = re.compile(r"[A-Za-z0-9_.-]{1,32}")
# Longer than every model's name, shorter than Runway's keys: patterns are shown.
_PATTERN = re.compile(r"[\x21-\x7e]{1,80}")
_SIZE = re.compile(r"([0-9]{1,12})([kmg]?)b?", re.IGNORECASE)
# What others call a field; no spelling would find it.
_OTHER_WORDS = {"key": "value", "api_key": "value", "token": "value", "id": "name", "model": "models"}
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class OptionReader:
    """Reads single values; collects warnings on the way."""

    def __init__(
        self,
        environ: Mapping[str, str],
        where: Callable[[str], str],
        file_mode: Callable[[str], int] = lambda option: 0,
    ) -> None:
        """`file_mode`: the mode of the file that an option comes from, 0 where it is from no file."""
        self.environ = environ
        self.where = where
        self.file_mode = file_mode
        self.warnings: list[str] = []
        self.files: list[str] = []  # that secrets are read from
        self.left_out: dict[str, str] = {}  # keys without a secret, and why

    def fail(self, option: str, problem: str) -> ConfigError:
        return ConfigError(f"{self.where(option)}: {problem}")

    def warn(self, option: str, problem: str) -> None:
        """Collects a line for the start."""
        self.warnings.append(f"{option}: {problem}")

    def items(
        self,
        option: str,
        values: object,
        allowed: Sequence[str],
        example: str = '{"name": "team-a", "value": "env.TEAM_A_KEY"}',
    ) -> list[dict[str, object]]:
        """A list of mappings; from the command line each comes as one JSON object. No two have one name."""
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
                raise self.fail(option, f"each must be a mapping like {example}")
            for name in item:
                if name not in allowed:
                    of = str(item.get("name") or "")
                    whose = f"{of}: " if NAME.fullmatch(of) and may_be_shown(of) else ""
                    raise self.fail(option, whose + _no_field(option, str(name), allowed))
            found.append(item)
        names = [self.name(option, item) for item in found if "name" in allowed]
        for name in names:
            if names.count(name) > 1:
                raise self.fail(option, f"the name {name} stands twice")
        return found

    def name(self, option: str, item: dict[str, object]) -> str:
        name = item.get("name")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            # Shortened: a secret may stand where the name belongs.
            quoted = escaped(repr(name), 12)
            raise self.fail(option, f"name {quoted} must be a text that matches {NAME.pattern}")
        return name

    def secret(
        self, option: str, item: dict[str, object], field: str = "value", name: str = ""
    ) -> tuple[str | None, str]:
        """A secret; None where its variable or file is not there, and why.

        `name` is for messages, where the item has none.
        """
        name, value = name or str(item["name"]), item.get(field)
        if not isinstance(value, str) or value.strip() in ("", ENVIRONMENT, FILE):
            raise self.fail(option, f"{name} needs a {field} like env.MY_VARIABLE or file./path/of/a/file")
        if in_shell := value_warnings.variable_written_as_in_a_shell(value):
            self.warn(option, f"{value.strip()} of {name} is taken as it stands; write env.{in_shell}")
        elif not is_reference(value):
            mode = self.file_mode(option)
            others = (
                f" in a file that others can read (mode {mode_text(mode)})" if others_can_read(mode) else ""
            )
            self.warn(
                option,
                f"{name} has its secret written out{others}; "
                f"{field}: env.MY_VARIABLE or file.PATH keeps it apart",
            )
        found = self.find(value)
        if found.secret and not VISIBLE.fullmatch(found.secret):
            raise self.fail(option, f"the {field} of {name} must be visible ASCII without spaces")
        return found.secret, found.missing

    def find(self, value: str) -> Found:
        """What a reference names; notes the file."""
        found = find(value, self.environ)
        if found.file and found.file not in self.files:
            self.files.append(found.file)
        return found

    def patterns(self, option: str, name: str, models: object) -> tuple[str, ...]:
        """Patterns for names of models."""
        patterns = models if isinstance(models, list) else []
        if not patterns or not all(isinstance(each, str) and _PATTERN.fullmatch(each) for each in patterns):
            raise self.fail(option, f'models of {name} must be a list of patterns like ["*"]')
        return tuple(patterns)

    def url(self, option: str, value: object, schemes: Sequence[str], hint: str = "") -> str:
        """A URL that paths can be put behind. User and password only in a proxy's."""
        text = value.strip() if isinstance(value, str) else ""
        if not _is_base(text, schemes) or ("@" in text and option != "runway_proxy"):
            # A password may stand before an @, in a proxy's anywhere.
            quoted = repr("..." + text[text.rindex("@") :] if "@" in text else value)
            shown = "" if option == "runway_proxy" else f"{escaped(quoted)} "
            raise self.fail(option, f"{shown}must be a plain URL like {schemes[-1]}://host:port{hint}")
        return text.rstrip("/")

    def upstream_url(self, option: str, value: object) -> str:
        """A URL that keys are sent to: https, or http to this machine."""
        url = self.url(option, value, ("http", "https"))
        if problem := value_warnings.of_base_url(url):
            self.warn(option, f"{escaped(url)} {problem}")
        parts = urlsplit(url)
        if parts.scheme == "http" and not is_loopback_host(parts.hostname or ""):
            raise self.fail(
                option, f"{escaped(url)} would send keys unencrypted: use https, or http to this machine"
            )
        return url

    def hosts(self, option: str, values: object) -> tuple[str, ...]:
        """Names or addresses of hosts, in lower case."""
        hosts = []
        for value in values if isinstance(values, (list, tuple)) else [values]:
            host = str(value).strip().lower()
            if not _HOST.fullmatch(host):
                raise self.fail(option, f"{value!r} must be a host's name alone, whole, like api.openai.com")
            hosts.append(host)
        return tuple(hosts)

    def size(self, option: str, value: object) -> int:
        match = _SIZE.fullmatch(str(value).strip())
        if not match or not int(match[1]):
            raise self.fail(option, f"{escaped(repr(value))} must be a size like 64m (suffixes k, m, g)")
        return int(match[1]) * _UNITS[match[2].lower()]


def _no_field(option: str, name: str, allowed: Sequence[str]) -> str:
    """That the mappings of an option have no field of that name, and which one was meant."""
    what = option.removeprefix("runway_").removesuffix("s")
    close = [_OTHER_WORDS.get(name.lower(), ""), *get_close_matches(name.lower(), allowed, n=1)]
    meant = next((each for each in close if each in allowed), None)
    hint = f"did you mean '{meant}'? Allowed" if meant else "allowed"
    shown = f"'{escaped(name)}'" if may_be_shown(name) else "that"
    article = "an" if what[0] in "aeiou" else "a"
    return f"{shown} is no field of {article} {what}; {hint}: {', '.join(allowed)}"


def _is_base(url: str, schemes: Sequence[str]) -> bool:
    if not VISIBLE.fullmatch(url) or "?" in url or "#" in url:
        return False
    try:
        parts = urlsplit(url)
        # The resolver takes no empty and no overlong part of a name.
        (parts.hostname or "").encode("idna")
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False

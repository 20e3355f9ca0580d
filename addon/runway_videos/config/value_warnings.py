"""Values that are legal and very likely wrong: a line each, shown at the start. No secret is in one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from runway_videos import catalog
from runway_videos.keys.pool import Key
from runway_videos.logs import escaped

#: A shorter token could be found by trying.
SHORT_TOKEN = 16
# As the shell has them: nothing replaces them in a file of YAML, nor in a JSON object of --set.
_SHELL_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Z_][A-Z0-9_]*))")
_RUNWAYS_HOSTS = ".runwayml.com"
_RUNWAY_KEY = re.compile(r"key_[0-9a-f]{128}")


def variable_written_as_in_a_shell(value: str) -> str | None:
    """The name in `${NAME}` or `$NAME`, where that is the whole value."""
    found = _SHELL_VARIABLE.fullmatch(value.strip())
    return (found[1] or found[2]) if found else None


def of_key(value: str, base_url: str) -> str | None:
    """What is wrong with the form of a key for this API; None for nothing."""
    if _RUNWAY_KEY.fullmatch(value) or variable_written_as_in_a_shell(value):
        return None
    if value.startswith("sk-"):
        return "looks like an OpenAI key; a Runway key is key_ and 128 hexadecimal digits"
    if not (urlsplit(base_url).hostname or "").endswith(_RUNWAYS_HOSTS):
        return None  # a gateway, or a made-up Runway: its keys are its own
    return "is not of a Runway key's form, key_ and 128 hexadecimal digits"


def of_token(value: str) -> str | None:
    """What is wrong with a caller's token; None for nothing."""
    if len(value) >= SHORT_TOKEN or variable_written_as_in_a_shell(value):
        return None
    return (
        f"has a token of less than {SHORT_TOKEN} characters, which can be guessed; see `openssl rand -hex 32`"
    )


def of_base_url(url: str) -> str | None:
    """What is wrong with Runway's base URL; None for nothing."""
    if url.endswith("/v1"):
        return "ends in /v1, which is put behind it: leave that out"
    return None


def of_keys(keys: Iterable[Key]) -> Iterator[str]:
    """What the keys say together: secrets that stand twice, patterns of models that match none."""
    names: dict[str, str] = {}
    known = catalog.load().models()
    for key in keys:
        first = names.setdefault(key.value, key.name)
        if first != key.name:
            yield f"{key.name} has the secret of {first}: both have one organisation's limits and credits"
        for pattern in key.models:
            if not any(fnmatchcase(model, pattern.removeprefix("runway/")) for model in known):
                shown = escaped(pattern, 60)
                yield f"{key.name}: {shown} matches no model of the catalog; aliases do not count"


def of_callers(
    allowed: Iterable[tuple[str, Iterable[str]]], aliases: Iterable[tuple[str, object]]
) -> Iterator[str]:
    """Patterns of models that let a caller make nothing: names of callers, and their patterns."""
    names = [*catalog.load().models(), *(pattern for pattern, _ in aliases)]
    for caller, patterns in allowed:
        for pattern in patterns:
            if not any(_overlap(pattern.removeprefix("runway/"), name) for name in names):
                yield (
                    f"{caller}: {escaped(pattern, 60)} matches no alias and no model of the catalog, such as "
                    f"{_nearest(pattern, names)}"
                )


def _overlap(pattern: str, other: str) -> bool:
    """Whether there is a name that both fit, as far as can be seen."""
    return fnmatchcase(other.replace("*", ""), pattern) or fnmatchcase(pattern.replace("*", ""), other)


def _nearest(pattern: str, names: Iterable[str]) -> str:
    plain = [name.replace("*", "") for name in names]
    return (get_close_matches(pattern.replace("*", ""), plain, n=1) or plain)[0]

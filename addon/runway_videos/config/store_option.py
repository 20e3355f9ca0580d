"""`runway_store`: where what processes share is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

import msgspec

from runway_videos.config.option_reader import OptionReader
from runway_videos.config.secret_sources import find, is_reference
from runway_videos.logs import may_be_shown

# What may stand in the query of a URL, by its scheme. Others would change how Redis is talked to.
_TLS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname")
_REDIS = {"redis": ("db",), "rediss": ("db", *_TLS), "unix": ("db",)}
_FORMS = (
    "memory, sqlite:PATH, redis://HOST:PORT/NUMBER or rediss://…, or env.NAME or file.PATH that holds one"
)


class StoreOption(msgspec.Struct, frozen=True):
    """`place` is a path or a URL, "" for memory. A URL may hold a password: it is in no repr.

    `prompts`: whether prompts are kept there; `days`: how long a video is, after it was written last.
    """

    kind: Literal["memory", "sqlite", "redis"] = "memory"
    place: str = ""
    prompts: bool = True
    days: int = 30

    def __repr__(self) -> str:
        return f"StoreOption({self.kind!r}, {self.shown!r})"

    @property
    def shown(self) -> str:
        """The place without user, password and query."""
        if self.kind != "redis":
            return self.place
        parts = urlsplit(self.place)
        host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
        return f"{parts.scheme}://{host}{parts.path}"


def read_store(reader: OptionReader, options: Mapping[str, object]) -> StoreOption:
    """The options. Raises ConfigError."""
    days = options["runway_store_days"]
    if not isinstance(days, int) or not 1 <= days <= 3650:
        raise reader.fail("runway_store_days", f"{days!r} must be a number of days from 1 to 3650")
    store = _read_place(reader, options["runway_store"])
    return msgspec.structs.replace(store, prompts=bool(options["runway_store_prompts"]), days=days)


def _read_place(reader: OptionReader, value: object) -> StoreOption:
    text = value.strip() if isinstance(value, str) else ""
    is_literal = not is_reference(text)
    found = find(text, reader.environ)
    if found.missing:
        # Memory in its place would promise less than was asked for.
        raise reader.fail("runway_store", found.missing)
    text = found.secret or ""
    if text in ("", "memory"):
        return StoreOption()
    kind, _, path = text.partition(":")
    if path == ":memory:":
        raise reader.fail("runway_store", "sqlite::memory: keeps nothing: memory, or sqlite:PATH with a file")
    if kind == "sqlite" and path:
        return StoreOption("sqlite", path)
    if kind not in _REDIS or not _is_redis(text):
        # A password may stand in it.
        shown = repr(kind) if path and kind.isalpha() and may_be_shown(kind) else "it"
        raise reader.fail("runway_store", f"{shown} must be {_FORMS}")
    parts = urlsplit(text)
    if is_literal and ("@" in parts.netloc or "password" in parts.query.lower()):
        raise reader.fail(
            "runway_store",
            "a user or a password stands in it: put the whole URL where env.NAME or file.PATH finds it",
        )
    if unknown := _unknown_in(text):
        raise reader.fail("runway_store", unknown)
    return StoreOption("redis", text)


def _is_redis(url: str) -> bool:
    try:
        parts = urlsplit(url)
        number = parts.path.strip("/")
        if parts.scheme == "unix":
            return bool(number)
        return bool(parts.hostname) and parts.port != 0 and (not number or number.isdecimal())
    except ValueError:
        return False


def _unknown_in(url: str) -> str:
    """What is wrong with its query, "" where nothing is."""
    parts = urlsplit(url)
    known = _REDIS[parts.scheme]
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known:
            return f"behind the question mark of {parts.scheme}:// may stand {', '.join(known)}"
        if name == "db" and not value.isdecimal():
            return "db must be a number"
    return ""

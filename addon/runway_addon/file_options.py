"""Sets mitmproxy's options from the entries of mitm.conf; each mistake is one line."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mitmproxy import ctx, exceptions
from mitmproxy.utils import typecheck

from runway_videos.config.conf_file import ConfFile, ConfigError

_TYPE_NAMES: Sequence[tuple[object, str]] = (
    (bool, "true or false"),
    (int, "a whole number"),
    (int | None, "a whole number"),
    (str, "a text"),
    (str | None, "a text"),
)
_PORTS = range(65536)
_HOLDING_SECRETS = ("runway_proxy", "runway_admin", "runway_store")


def apply(file: ConfFile, name: str) -> None:
    """Sets one option as the file says. Raises ConfigError."""
    value = converted(file, name)
    try:
        with _addon_errors():
            ctx.options.update(**{name: value})
    except exceptions.OptionsError as error:
        raise ConfigError(f"{file.where(name)}: {one_line(error)}") from error


def converted(file: ConfFile, name: str) -> object:
    """The value of an entry, of the option's own type. Raises ConfigError."""
    option = dict(ctx.options.items())[name]
    entry = file.entries[name].value
    value = _as_type(entry, option.typespec)
    if option.choices and value not in option.choices:
        allowed = ", ".join(option.choices)
        raise ConfigError(f"{file.where(name)}: {value!r} must be one of {allowed}")
    if name == "listen_port" and isinstance(value, int) and value not in _PORTS:
        raise ConfigError(f"{file.where(name)}: {value} must be a port from 0 to 65535")
    if name == "mode" and not value:
        raise ConfigError(f"{file.where(name)}: there must be a mode, such as regular")
    expected = next((name for kind, name in _TYPE_NAMES if kind == option.typespec), "a list of texts")
    if isinstance(entry, bool) and option.typespec is not bool:  # in Python True is a number
        raise ConfigError(f"{file.where(name)}: {str(entry).lower()} must be {expected}")
    try:
        typecheck.check_option_type(name, value, option.typespec)
    except TypeError as error:
        shown = "" if name in _HOLDING_SECRETS else f"{entry!r} "
        raise ConfigError(f"{file.where(name)}: {shown}must be {expected}") from error
    return value


def one_line(error: object) -> str:
    """An error's text without line breaks."""
    return " ".join(str(error).split())


@contextmanager
def _addon_errors() -> Iterator[None]:
    """Raises OptionsError for an option that makes an addon fail; mitmproxy would log a traceback."""
    logger = logging.getLogger("mitmproxy.addonmanager")
    messages: list[str] = []

    def take(record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            cause = record.exc_info[1] if record.exc_info else None
            messages.append(one_line(cause or record.getMessage()))
            return False
        return True

    logger.addFilter(take)
    try:
        yield
    finally:
        logger.removeFilter(take)
    if messages:
        raise exceptions.OptionsError("; ".join(messages))


def _as_type(value: object, kind: object) -> object:
    """A value of YAML as the option's type: a single value is a list of one, a number is a text."""
    if kind == Sequence[str]:
        items = value if isinstance(value, list) else [] if value is None else [value]
        return [_as_text(item) for item in items]
    return _as_text(value) if kind in (str, str | None) else value


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

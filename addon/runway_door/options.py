"""The addon's options, and mitm.conf put over mitmproxy's defaults and under its command line."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
from mitmproxy import ctx, exceptions
from mitmproxy.addonmanager import Loader
from mitmproxy.tools import cmdline
from mitmproxy.utils import human

from runway_videos import conf_file, settings
from runway_videos.conf_file import ConfFile, ConfigError
from runway_videos.settings import Settings

# name: (type, default, one line of help)
OPTIONS: Mapping[str, tuple[object, object, str]] = {
    "runway_conf": (str, "", "The configuration file, mitm.conf where none is named."),
    "runway_keys": (Sequence[str], [], "Runway keys, one JSON object each: name, value, models, "
                    "weight, on_behalf_of."),
    "runway_base_url": (str, "https://api.dev.runwayml.com", "Where Runway's API is."),
    "runway_proxy": (str | None, None, "Outbound HTTP proxy for Runway; the environment's is "
                     "never used."),
    "runway_aliases": (Sequence[str], list(settings.DEFAULT_ALIASES), "Model aliases, "
                       "pattern=model; the first match wins."),
    "runway_hosts": (Sequence[str], ["api.openai.com"], "Hosts whose /v1/videos is served here "
                     "when clients use the proxy as a proxy."),
    "runway_fallback": (str | None, None, "Where calls go that are addressed to the proxy and are "
                        "no video calls; https://api.openai.com, or none with runway_callers."),
    "runway_callers": (Sequence[str], [], "Who may use the proxy, one JSON object each: name, "
                       "value."),
    "runway_forward": (bool, False, "Let clients that are not on loopback use the proxy for other "
                       "traffic too."),
    "runway_sandbox": (bool, False, "Serve from a built-in sandbox: no key, nothing is paid."),
    "runway_poll_seconds": (int, 5, "How old a video's status may be when it is given out."),
    "runway_content": (str, "stream", "How a video's bytes are served: stream or redirect."),
    "runway_max_body": (str, "64m", "The largest body of a video call; suffixes k, m, g."),
    "runway_lean": (bool, False, "Drop the mitmproxy built-ins that a gateway does not use."),
}  # fmt: skip

#: A change of one of these is looked at; all others are not the addon's.
WATCHED = frozenset({*OPTIONS, "stream_large_bodies"})

# Secrets of the file stay out of mitmproxy's options, where commands and mitmweb show them.
_SECRET = ("runway_keys", "runway_callers")
_PROGRAMS: Mapping[str, Callable[[object], ArgumentParser]] = {
    "dump": cmdline.mitmdump,
    "console": cmdline.mitmproxy,
    "web": cmdline.mitmweb,
}
_LISTENING = ("mode", "listen_host", "listen_port")


class _Kept(msgspec.Struct):
    """What outlives a reload of the script: the file is applied once, secrets are kept apart."""

    file: ConfFile | None = None
    literals: dict[str, str] = {}


_kept = _Kept()


def load(loader: Loader, beside: Path) -> frozenset[str] | None:
    """Declares the options and applies the file.

    Where the file changes the listening addresses: the options that the command line names, else
    None. Raises ConfigError on any mistake in the file or in `--set`.
    """
    for name, (kind, default, text) in OPTIONS.items():
        loader.add_option(name, kind, default, text)  # type: ignore[arg-type]
    if _kept.file is not None:
        return None
    said = _said_on_command_line()
    path = conf_file.find(said.get("runway_conf"), beside)
    file = conf_file.read(path, list(ctx.options.keys()))
    _kept.file = file
    listening = False
    for name in file.entries:
        if name in said or name in _SECRET:
            continue
        _apply(file, name)
        listening = listening or name in _LISTENING
    if "connection_strategy" not in said and "connection_strategy" not in file.entries:
        # Eager would need a way to the host that is answered for here.
        ctx.options.update(connection_strategy="lazy")
    try:
        ctx.options.process_deferred()
    except (exceptions.OptionsError, TypeError) as error:
        raise ConfigError(f"--set: {_one_line(error)}") from error
    for name in ctx.options.deferred:
        if name.startswith("runway_"):
            raise ConfigError(f"--set: there is no option {name}; see `mitmdump --options`")
    return frozenset(said) if listening else None


def read_settings() -> Settings:
    """The settings as the options stand now. Raises ConfigError."""
    file = _kept.file or ConfFile(None, {})
    values = {name: getattr(ctx.options, name) for name in OPTIONS}
    for name in _SECRET:
        if not values[name] and name in file.entries:
            values[name] = file.entries[name].value or []
        else:
            values[name] = _hide_literals(name, values[name])

    def where(name: str) -> str:
        return file.where(name) if name in file.entries else name

    found = settings.read(values, os.environ, where)
    _check_others(found)
    return found


def _check_others(found: Settings) -> None:
    """mitmproxy's own options that cannot go together with the addon."""
    stream = ctx.options.stream_large_bodies
    if stream and (human.parse_size(stream) or 0) < found.max_body:
        raise ConfigError(
            f"stream_large_bodies: {stream} is less than runway_max_body: a request that is "
            "streamed cannot be answered; set it higher or leave it out"
        )


def _apply(file: ConfFile, name: str) -> None:
    option = dict(ctx.options.items())[name]
    value = _converted(file.entries[name].value, option.typespec)
    if option.choices and value not in option.choices:
        allowed = ", ".join(option.choices)
        raise ConfigError(f"{file.where(name)}: {value!r} must be one of {allowed}")
    try:
        ctx.options.update(**{name: value})
    except TypeError as error:
        wanted = getattr(option.typespec, "__name__", str(option.typespec))
        raise ConfigError(f"{file.where(name)}: {value!r} must be of type {wanted}") from error
    except exceptions.OptionsError as error:
        raise ConfigError(f"{file.where(name)}: {_one_line(error)}") from error


def _converted(value: object, kind: object) -> object:
    """YAML's idea of a value as the option's: one string for a list of one, numbers as text."""
    if kind == Sequence[str]:
        items = value if isinstance(value, list) else [] if value is None else [value]
        return [str(item) for item in items]
    if kind in (str, str | None) and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _said_on_command_line() -> dict[str, str]:
    """The option names on the command line, also where they say the default."""
    make = _PROGRAMS.get(type(ctx.master).__module__.rpartition("tools.")[2].partition(".")[0])
    if make is None:
        return {}
    args, _ = make(ctx.options).parse_known_args(sys.argv[1:])
    said = {
        name: str(value) for name, value in vars(args).items() if value is not None and name in ctx.options
    }
    for assignment in args.setoptions:
        name, _, value = assignment.partition("=")
        said[name] = value
    if args.quiet or args.verbose:
        said |= {"termlog_verbosity": "", "flow_detail": ""}
    return said


def _hide_literals(option: str, values: Sequence[str]) -> Sequence[str]:
    """Secrets written out in `--set` are moved out of mitmproxy's options."""
    hidden, opened = [], []
    for value in values:
        try:
            item = msgspec.json.decode(value)
            secret = item["value"]
            literal = isinstance(secret, str) and not secret.startswith("env.")
        except (msgspec.DecodeError, KeyError, TypeError):
            hidden.append(value)
            opened.append(value)
            continue
        place = f"{option}.{item.get('name')}"
        if literal and not secret.startswith("kept:"):
            _kept.literals[place] = secret
        if literal:
            item["value"] = f"kept:{place}"
        hidden.append(msgspec.json.encode(item).decode())
        item["value"] = _kept.literals.get(place, secret) if literal else secret
        opened.append(msgspec.json.encode(item).decode())
    if list(values) != hidden:
        ctx.options.update(**{option: hidden})
    return opened


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())

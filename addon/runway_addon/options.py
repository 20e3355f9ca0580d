"""The addon's options, and mitm.conf put over mitmproxy's defaults and under its command line."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from mitmproxy import ctx, exceptions
from mitmproxy.addonmanager import Loader
from mitmproxy.utils import human

from runway_addon import command_line, file_options, option_secrets
from runway_videos.config import conf_file, settings
from runway_videos.config.conf_file import ConfFile, ConfigError
from runway_videos.config.settings import Settings

# name: (type, default, one line of help)
OPTIONS: Mapping[str, tuple[object, object, str]] = {
    "runway_conf": (str, "", "The configuration file, mitm.conf where none is named."),
    "runway_keys": (Sequence[str], [], "Runway keys, one JSON object each: name, value, models, "
                    "weight, on_behalf_of."),
    "runway_base_url": (str, settings.BASE_URL, "Where Runway's API is."),
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
    "runway_forward": (bool, False, "Let known callers, and in transparent modes all clients, use "
                       "the proxy for other traffic too."),
    "runway_sandbox": (bool, False, "Serve from a built-in sandbox: no key, nothing is paid."),
    "runway_poll_seconds": (int, 5, "How old a video's status may be when it is given out."),
    "runway_content": (str, "stream", "How a video's bytes are served: stream or redirect."),
    "runway_max_body": (str, "64m", "The largest body of a video call; suffixes k, m, g."),
    "runway_lean": (bool, False, "Drop the mitmproxy built-ins that a gateway does not use."),
}  # fmt: skip

# Options of mitmproxy 12.3 and later that sign with the CA key of a broken intermediate CA.
_PUBLIC_CA_KEY = ("emudhra", "emudhra_old")

#: A change of one of these is looked at; all others are not the addon's.
WATCHED = frozenset({*OPTIONS, "stream_large_bodies", "body_size_limit", *_PUBLIC_CA_KEY})

# Defaults of mitmproxy's options that are the addon's own, whatever the file says of others.
_SAFE_DEFAULTS: Mapping[str, object] = {
    "listen_host": "127.0.0.1",  # mitmproxy's is every address of the machine
    "flow_detail": 0,  # a line a request is too much for a proxy that is polled
    "connection_strategy": "lazy",  # eager would need a way to the host that is answered for here
}

# Secrets of the file stay out of mitmproxy's options, where commands and mitmweb show them.
_SECRET = ("runway_keys", "runway_callers")
_LISTENING = ("mode", "listen_host", "listen_port", "server")


# mitmproxy's own limits of a body, and what they would do to a video call.
_NOT_UNDER_MAX_BODY = {
    "stream_large_bodies": "a request that is streamed cannot be answered; set it higher or leave it out",
    "body_size_limit": "mitmproxy would refuse videos in HTML; set it higher, or runway_max_body lower",
}


class _Kept(msgspec.Struct):
    """What outlives a reload of the script: the file is applied once."""

    file: ConfFile | None = None
    on_command_line: frozenset[str] = frozenset()


_kept = _Kept()


def load(loader: Loader, beside: Path) -> bool:
    """Declares the options, applies the file and the safe defaults. True where these say where to listen.

    Raises ConfigError on any mistake in the file or in `--set`.
    """
    for name, (kind, default, text) in OPTIONS.items():
        loader.add_option(name, kind, default, text)  # type: ignore[arg-type]
    if _kept.file is not None:
        return False
    on_command_line = command_line.named_options()
    _kept.on_command_line = frozenset(on_command_line)
    known = command_line.KnownOptions(ctx.options.keys(), command_line.options_of_all_programs)
    file = _kept.file = conf_file.read(conf_file.find(on_command_line.get("runway_conf"), beside), known)
    applied = [name for name in file.entries if _is_from_file(name) and name not in _SECRET]
    for name in applied:
        if name in ctx.options:
            file_options.apply(file, name)
    defaults = {name: value for name, value in _SAFE_DEFAULTS.items() if not _is_said(name)}
    ctx.options.update(**defaults)
    try:
        ctx.options.process_deferred()
    except (exceptions.OptionsError, TypeError) as error:
        raise ConfigError(f"--set: {file_options.one_line(error)}") from error
    for name in ctx.options.deferred:
        if name.startswith("runway_"):
            raise ConfigError(f"--set: there is no option {name}; see README.md")
    return any(name in _LISTENING for name in (*applied, *defaults))


def where(name: str) -> str:
    """Where an option was set, for messages."""
    if _kept.file is not None and _is_from_file(name):
        return _kept.file.where(name)
    return f"--set {name}" if name in _kept.on_command_line else name


def where_to_listen() -> str:
    """The entry of the file that says where to listen, for messages."""
    return next((where(name) for name in _LISTENING if _is_from_file(name)), "listen_port")


def is_on_command_line(name: str) -> bool:
    """Whether the command line names an option."""
    return name in _kept.on_command_line


def read_settings() -> Settings:
    """The settings as the options stand now. Raises ConfigError."""
    values = {name: getattr(ctx.options, name) for name in OPTIONS}
    for name in _SECRET:
        if not values[name] and _kept.file is not None and _is_from_file(name):
            values[name] = _kept.file.entries[name].value or []
        else:
            values[name] = option_secrets.hide(name, values[name])
    file = _kept.file or ConfFile(None, {})
    found = settings.read(
        values,
        os.environ,
        where,
        conf=str(file.path or ""),
        file_mode=lambda name: file.mode if _is_from_file(name) else 0,
    )
    _check_others(found)
    return found


def option_warnings() -> list[str]:
    """What is set that should not be, for the operator at start."""
    if ctx.options.proxy_debug:
        return ["proxy_debug: callers' tokens and signed links are in its log lines"]
    return []


def _is_from_file(name: str) -> bool:
    return _kept.file is not None and name in _kept.file.entries and name not in _kept.on_command_line


def _is_said(name: str) -> bool:
    """Whether the command line, the file, or mitmproxy's own config.yaml says something of an option."""
    return is_on_command_line(name) or _is_from_file(name) or bool(ctx.options.has_changed(name))


def _check_others(found: Settings) -> None:
    """mitmproxy's own options that cannot go together with the addon."""
    for name in _PUBLIC_CA_KEY:
        if getattr(ctx.options, name, False):
            raise ConfigError(
                f"{where(name)}: signs with a CA key that is publicly known, so that others could read and "
                "change what clients send; leave it out, and let clients trust mitmproxy's own CA"
            )
    for name, why in _NOT_UNDER_MAX_BODY.items():
        size = getattr(ctx.options, name)
        if size and (human.parse_size(size) or 0) < found.max_body:
            raise ConfigError(f"{where(name)}: {size} is less than runway_max_body: {why}")

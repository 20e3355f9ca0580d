"""The addon's options, and mitm.conf put over mitmproxy's defaults and under its command line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from mitmproxy import ctx, exceptions
from mitmproxy.addonmanager import Loader
from mitmproxy.utils import human

from runway_addon import command_line, file_options
from runway_addon.option_secrets import LiteralSecrets
from runway_videos.config import conf_file, settings
from runway_videos.config.aliases import DEFAULT_ALIASES
from runway_videos.config.conf_file import NO_FILE, ConfFile, ConfigError
from runway_videos.config.settings import Settings

# name: (type, default, one line of help)
OPTIONS: Mapping[str, tuple[object, object, str]] = {
    "runway_conf": (str, "", "The configuration file, mitm.conf where none is named."),
    "runway_keys": (Sequence[str], [], "Runway keys, one JSON object each: name, value, models, "
                    "weight, on_behalf_of."),
    "runway_base_url": (str, settings.BASE_URL, "Where Runway's API is."),
    "runway_proxy": (str | None, None, "Outbound HTTP proxy for Runway; the environment's is "
                     "never used."),
    "runway_aliases": (Sequence[str], list(DEFAULT_ALIASES), "Model aliases, pattern=model|model; "
                       "the first match wins, of its models the first that can take the request."),
    "runway_remix_model": (str, settings.REMIX_MODEL, "The model of remixes and edits, where the "
                           "original's cannot make one."),
    "runway_extend_model": (str, settings.EXTEND_MODEL, "The model of extensions, where the "
                            "original's cannot make one."),
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
    "runway_webhooks": (Sequence[str], [], "Who is told when a video ends, one JSON object each: "
                        "url, secret, callers."),
    "runway_alerts": (Sequence[str], [], "Who is told when something goes wrong, one JSON object each: "
                      "url, events, credits_below."),
    "runway_store": (str, "memory", "Where creates are kept: memory, sqlite:PATH, or redis://HOST:PORT/0, "
                     "for processes to share."),
    "runway_replay": (bool, False, "Let a recorded create that is replayed make another video."),
    "runway_store_prompts": (bool, True, "Whether prompts are kept in the store."),
    "runway_store_days": (int, 30, "How long the store keeps a video, in days."),
    "runway_audit": (str | None, None, "The file that says what was made and what it cost, as JSON lines."),
    "runway_audit_prompts": (bool, False, "Whether prompts are in it."),
    "runway_admin": (str | None, None, "The operator's token, env.NAME or file.PATH, for /api/providers and "
                     "/runway/metrics."),
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
_SECRET = ("runway_keys", "runway_callers", "runway_webhooks", "runway_alerts", "runway_proxy")
# What is built once, before anything is served.
_AT_THE_START = frozenset(
    {"runway_sandbox", "runway_store", "runway_store_prompts", "runway_store_days", "runway_lean"}
)
_LISTENING = ("mode", "listen_host", "listen_port", "server")

# mitmproxy's own limits of a body, and what they would do to a video call.
_NOT_UNDER_MAX_BODY = {
    "stream_large_bodies": "a request that is streamed cannot be answered; set it higher or leave it out",
    "body_size_limit": "mitmproxy would refuse videos in HTML; set it higher, or runway_max_body lower",
}


class AddonOptions:
    """The options of one process. It outlives a reload of the script: the file is applied once.

    `arguments` are the command line without the program, `environment` holds the variables that
    options name.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._arguments = arguments
        self._environment = environment
        self.literals = LiteralSecrets()
        self._file: ConfFile | None = None
        self._at_start = NO_FILE
        self._known: Collection[str] = ()
        self._on_command_line: frozenset[str] = frozenset()

    def load(self, loader: Loader, folders: Iterable[Path]) -> bool:
        """Declares the options, applies the file and the safe defaults. True where these say where to listen.

        The file is in the first of `folders` that has one, where the command line names none.
        Raises ConfigError on any mistake in the file or in `--set`.
        """
        for name, (kind, default, text) in OPTIONS.items():
            loader.add_option(name, kind, default, text)  # type: ignore[arg-type]
        if self._file is not None:
            return False
        on_command_line = command_line.named_options(self._arguments)
        self._on_command_line = frozenset(on_command_line)
        known = self._known = command_line.KnownOptions(
            ctx.options.keys(), command_line.options_of_all_programs
        )
        path = conf_file.find(on_command_line.get("runway_conf"), folders)
        file = self._file = self._at_start = conf_file.read(path, known)
        applied = [name for name in file.entries if self._is_from_file(name) and name not in _SECRET]
        for name in applied:
            if name in ctx.options:
                file_options.apply(file, name)
        if self._is_from_file("runway_proxy"):
            file_options.converted(file, "runway_proxy")  # is it a text?
        # mitmweb has no flow_detail.
        known_here = ((name, value) for name, value in _SAFE_DEFAULTS.items() if name in ctx.options)
        defaults = {name: value for name, value in known_here if not self._is_set(name)}
        ctx.options.update(**defaults)
        try:
            ctx.options.process_deferred()
        except (exceptions.OptionsError, TypeError) as error:
            raise ConfigError(f"--set: {file_options.one_line(error)}") from error
        for name in ctx.options.deferred:
            # mitmproxy takes any other name without a word: it may be an option of a later script.
            spelled = name.lower().replace("-", "_")
            if spelled.startswith("runway") or f"runway_{spelled}" in OPTIONS:
                raise ConfigError(f"--set: {conf_file.no_option(name, OPTIONS)}")
        return any(name in _LISTENING for name in (*applied, *defaults))

    def where(self, name: str) -> str:
        """Where an option was set, for messages."""
        return self._where(self._file or NO_FILE, name)

    def _where(self, file: ConfFile, name: str) -> str:
        if self._is_from(file, name):
            return file.where(name)
        return f"--set {name}" if name in self._on_command_line else name

    def where_to_listen(self) -> str:
        """The entry of the file that says where to listen, for messages."""
        return next((self.where(name) for name in _LISTENING if self._is_from_file(name)), "listen_port")

    def where_of_mode(self) -> str:
        """Where the mode was set, for messages; on the command line it has a name of its own."""
        return "--mode" if self.is_on_command_line("mode") else self.where("mode")

    def is_on_command_line(self, name: str) -> bool:
        """Whether the command line names an option."""
        return name in self._on_command_line

    def read_settings(self) -> Settings:
        """The settings as the options stand now. Raises ConfigError."""
        return self.settings_with(self._file or NO_FILE)

    def read_file(self) -> ConfFile:
        """The file as it is now. Takes a while. Raises ConfigError, also where it says nothing any more."""
        before = self._file
        file = conf_file.read(before.path if before else None, self._known)
        if before and before.entries and not file.entries:
            # Many programs empty a file before they write it, and then the disk may be full.
            raise ConfigError(f"{file.path}: says nothing")
        return file

    def settings_with(self, file: ConfFile) -> Settings:
        """The settings as they would be with this file. Raises ConfigError."""
        found = settings.read(
            {name: self._value(file, name) for name in OPTIONS},
            self._environment,
            lambda name: self._where(file, name),
            conf=str(file.path or ""),
            file_mode=lambda name: file.mode if self._is_from(file, name) else 0,
        )
        self._check_others(found)
        self.literals.hide()
        return found

    def adopt(self, file: ConfFile) -> list[str]:
        """Puts a file, whose settings are in force, in the place of the one before. Raises ConfigError.

        Gives a line for each entry that has changed and takes effect at the next start alone; none where
        it is again as it was at the start.
        """
        names = {*OPTIONS, *file.entries, *(self._file.entries if self._file else ())}
        changed = sorted(name for name in names if self._is_changed(file, name))
        held = [name for name in changed if name not in OPTIONS or name in _AT_THE_START]
        values = {name: self._value(file, name) for name in changed if name not in (*held, *_SECRET)}
        self._file = file
        ctx.options.update(**values)
        waiting = [name for name in held if file.differs(self._at_start, name)]
        return [f"{self.where(name)}: takes effect when the proxy is started again" for name in waiting]

    def _value(self, file: ConfFile, name: str) -> object:
        """An option of the addon's own as it would be with this file."""
        current = getattr(ctx.options, name)
        if name in _SECRET:
            revealed, from_file = self.literals.reveal(name, current), self._is_from(file, name)
            return (file.entries[name].value or []) if from_file and not current else revealed
        if name in _AT_THE_START or not self._is_changed(file, name):
            return current
        return file_options.converted(file, name) if name in file.entries else OPTIONS[name][1]

    def _is_changed(self, file: ConfFile, name: str) -> bool:
        """Whether an entry is another one than in the file that is in force, and counts."""
        return name not in self._on_command_line and file.differs(self._file or NO_FILE, name)

    def _is_from_file(self, name: str) -> bool:
        return self._file is not None and self._is_from(self._file, name)

    def _is_from(self, file: ConfFile, name: str) -> bool:
        return name in file.entries and name not in self._on_command_line

    def _is_set(self, name: str) -> bool:
        """Whether the command line, the file, or mitmproxy's own config.yaml sets an option."""
        return (
            self.is_on_command_line(name) or self._is_from_file(name) or bool(ctx.options.has_changed(name))
        )

    def _check_others(self, found: Settings) -> None:
        """mitmproxy's own options that cannot go together with the addon."""
        for name in _PUBLIC_CA_KEY:
            if getattr(ctx.options, name, False):
                raise ConfigError(
                    f"{self.where(name)}: signs with a CA key that is publicly known, so that others "
                    "could read and change what clients send; leave it out, and let clients trust "
                    "mitmproxy's own CA"
                )
        for name, why in _NOT_UNDER_MAX_BODY.items():
            size = getattr(ctx.options, name)
            if size and (human.parse_size(size) or 0) < found.max_body:
                raise ConfigError(f"{self.where(name)}: {size} is less than runway_max_body: {why}")


def option_warnings() -> list[str]:
    """What is set that should not be, for the operator at start."""
    if ctx.options.proxy_debug:
        return ["proxy_debug: callers' tokens and signed links are in its log lines"]
    return []

"""`/api/providers`: the operator changes keys while the proxy runs, in this process's memory alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping

import msgspec

from runway_videos.config.conf_file import ConfigError
from runway_videos.config.key_options import posted_keys
from runway_videos.config.option_reader import OptionReader
from runway_videos.config.settings import Settings
from runway_videos.config.start_lines import NO_WEIGHT, shown_keys
from runway_videos.errors import ApiError, bad_request
from runway_videos.events import Events, KeysChanged, KeysHeld
from runway_videos.keys.pool import Key, is_weight
from runway_videos.logs import may_be_shown
from runway_videos.openai.messages import Answer, Call
from runway_videos.openai.refusals import wrong_method
from runway_videos.runtime import Runtime

_PROVIDER = "runway"
_FIELDS = ("provider", "keys")
_NOTE = (
    "Kept in the memory of this process: gone when it ends, and unknown to others. For good, set runway_keys "
    "in mitm.conf."
)


class _ShownKey(msgspec.Struct, frozen=True):
    """A key in an answer, without its value. `source`: `configuration`, `posted` or `taken away`."""

    name: str
    models: tuple[str, ...]
    weight: float
    source: str
    value: str = "***"


class _Shown(msgspec.Struct, frozen=True):
    keys: list[_ShownKey]
    warnings: tuple[str, ...] = ()
    provider: str = _PROVIDER
    note: str = _NOTE


class Providers:
    """Keys that were posted, and that were taken away, over those that are configured.

    `configured` are the settings without them; `apply` puts settings in force, and raises ConfigError.
    """

    def __init__(
        self, configured: Settings, apply: Callable[[Settings], None], environ: Mapping[str, str] = os.environ
    ) -> None:
        self.configured = configured
        self._apply = apply
        self._environ = environ
        self._posted: dict[str, Key] = {}
        self._taken: dict[str, Key] = {}
        self._weights: dict[str, float] = {}

    def over(self, settings: Settings) -> Settings:
        """The settings with these keys in place of theirs of the same names."""
        return _over(settings, self._posted, self._taken, self._weights)

    def configure(self, settings: Settings, events: Events) -> None:
        """Takes other settings; tells of keys of theirs that stay as they were changed in memory."""
        before = {key.name: key for key in self.configured.keys}
        after = {key.name: key for key in settings.keys}
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        self.configured = settings
        if held := changed & (self._posted.keys() | self._taken.keys() | self._weights.keys()):
            events.emit(KeysHeld(tuple(sorted(held))))

    def reweigh(self, runtime: Runtime, name: str, weight: float) -> None:
        """Gives a key another weight until the process ends, or the key is posted. Raises ConfigError."""
        if runtime.settings.sandbox:
            raise ConfigError("the sandbox has no keys to change")
        key = runtime.pool.get(name)
        if key is None or name in self._taken:
            raise ConfigError(f"there is no key {name!r}: runway.keys shows them")
        if not is_weight(weight):
            raise ConfigError(f"the weight of {name} must be a number of 0 or more")
        weights = self._weights | {name: weight}
        now = _over(self.configured, self._posted, self._taken, weights)
        self._apply(now)
        self._weights = weights
        runtime.events.emit(KeysChanged(shown_keys(now.keys), weights=((name, weight),)))

    async def serve(self, runtime: Runtime, call: Call) -> Answer:
        """GET shows the keys, POST adds or replaces some, PUT replaces all, DELETE takes away one or all."""
        if call.method not in call.route.allow:
            raise wrong_method(call.route.allow, call.route.name)
        warnings: tuple[str, ...] = ()
        if call.method != "GET":
            if runtime.settings.sandbox:
                # A real key must never go to the sandbox.
                raise ApiError(409, "The sandbox has no keys to change.", code="sandbox", retry=False)
            now = {key.name: key for key in self.over(self.configured).keys if key.name not in self._taken}
            posted, warnings = ((), ()) if call.method == "DELETE" else self._read(call)
            names = {key.name for key in posted}
            gone = _to_delete(call, now) if call.method == "DELETE" else now if call.method == "PUT" else ()
            self._change(runtime, posted, [now[name] for name in gone if name not in names])
        keys = self.over(self.configured).keys
        if keys and not any(key.weight for key in keys):
            warnings = (*warnings, NO_WEIGHT)
        shown = [self._show(key) for key in keys]
        return Answer(200, runtime.json_headers, msgspec.json.encode(_Shown(shown, warnings)))

    def _change(self, runtime: Runtime, posted: Iterable[Key], gone: Iterable[Key]) -> None:
        new, gone_names = {key.name: key for key in posted}, [key.name for key in gone]
        kept = {name: key for name, key in self._posted.items() if name not in gone_names}
        taken = {name: key for name, key in self._taken.items() if name not in new}
        # Weight 0: it serves its own videos until the process ends.
        taken |= {key.name: msgspec.structs.replace(key, weight=0.0) for key in gone}
        try:
            weights = {name: weight for name, weight in self._weights.items() if name not in new}
            now = _over(self.configured, kept | new, taken, weights)
            self._apply(now)
        except ConfigError as error:
            raise _refused(error) from error
        self._posted, self._taken, self._weights = kept | new, taken, weights
        runtime.events.emit(KeysChanged(shown_keys(now.keys), tuple(new), tuple(gone_names)))

    def _read(self, call: Call) -> tuple[tuple[Key, ...], tuple[str, ...]]:
        """The keys of a body, and warnings. Raises ApiError 400."""
        try:
            body = msgspec.json.decode(call.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            body = None
        if not isinstance(body, dict) or not isinstance(body.get("keys"), list):
            raise bad_request(
                'The body must be JSON like {"provider": "runway", "keys": [{"name": …, "value": …}]}.',
                "keys",
            )
        if unknown := next((name for name in body if name not in _FIELDS), None):
            param = unknown if may_be_shown(unknown) else None
            raise bad_request(f"There is no field {_quoted(unknown)} here; allowed: provider, keys.", param)
        if body.get("provider", _PROVIDER) != _PROVIDER:
            raise bad_request("`provider` must be `runway`: there is no other here.", "provider")
        reader = OptionReader(self._environ, lambda option: option)
        try:
            keys = posted_keys(reader, body["keys"], self.configured.base_url)
        except ConfigError as error:
            raise _refused(error) from error
        return keys, tuple(reader.warnings)

    def _show(self, key: Key) -> _ShownKey:
        taken, posted = key.name in self._taken, key.name in self._posted
        source = "taken away" if taken else "posted" if posted else "configuration"
        return _ShownKey(key.name, key.models, key.weight, source)


def _over(
    settings: Settings, posted: Mapping[str, Key], taken: Mapping[str, Key], weights: Mapping[str, float]
) -> Settings:
    if settings.sandbox or not (posted or taken or weights):
        return settings
    keys = {key.name: key for key in settings.keys} | dict(posted)
    for name in weights.keys() & keys.keys():
        keys[name] = msgspec.structs.replace(keys[name], weight=weights[name])
    for name, key in taken.items():
        # A value that was rotated in the file counts.
        keys[name] = msgspec.structs.replace(keys.get(name, key), weight=0.0)
    return msgspec.structs.replace(settings, keys=tuple(keys.values()))


def _to_delete(call: Call, now: Mapping[str, Key]) -> list[str]:
    if call.body.strip() or not call.query.keys() <= {"key"}:
        # A slip would take all keys away.
        raise bad_request("A key to delete is named by ?key=NAME alone; without it all are deleted.", "key")
    name = call.query.get("key")
    if name is None:
        return list(now)
    if name not in now:
        raise ApiError(404, f"There is no key {_quoted(name)} here.", param="key", code="not_found")
    return [name]


def _quoted(name: str) -> str:
    """A name that is wrong, unless it may be a key's value by mistake."""
    return f"`{name}`" if may_be_shown(name) else "of that name"


def _refused(error: ConfigError) -> ApiError:
    return bad_request(str(error).replace("runway_keys", "keys", 1), "keys")

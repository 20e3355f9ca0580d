"""The addon's options, the environment and mitm.conf, checked and put into one frozen struct."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from runway_videos import catalog
from runway_videos.config.alert_options import AlertReceiver, read_alerts
from runway_videos.config.aliases import read_aliases
from runway_videos.config.caller_options import Caller, Limits, read_callers
from runway_videos.config.conf_file import ConfigError
from runway_videos.config.key_options import read_admin, read_keys
from runway_videos.config.option_reader import VISIBLE, OptionReader
from runway_videos.config.secret_sources import FILE, is_reference
from runway_videos.config.store_option import StoreOption, read_store
from runway_videos.config.value_warnings import of_callers
from runway_videos.config.webhook_options import Webhook, read_webhooks
from runway_videos.keys.pool import Key

#: What makes remixes and edits, and extensions, where the original's model cannot.
REMIX_MODEL, EXTEND_MODEL = "aleph2", "seedance2_5"
BASE_URL = "https://api.dev.runwayml.com"
ID_SECRET_VARIABLE = "RUNWAY_ID_SECRET"  # noqa: S105 (a variable's name)
#: A shorter secret could be found by trying: one id is enough to test a guess.
SHORT_SECRET = 16
SANDBOX_KEY = Key(name="sandbox", value="sandbox-key")


class Settings(msgspec.Struct, frozen=True):
    """Everything that the addon was told; no secret is in its repr. `warnings` are shown at start.

    `aliases`: (pattern, Runway models); the first pattern that matches wins. `conf` is the path of the
    configuration file in force, "" where there is none. `files` are those that secrets were read
    from. `left_out`: keys without a secret, and why.
    """

    keys: tuple[Key, ...]
    base_url: str
    proxy: str | None
    aliases: tuple[tuple[str, tuple[str, ...]], ...]
    hosts: tuple[str, ...]
    fallback: str | None
    callers: tuple[Caller, ...]
    forward: bool
    sandbox: bool
    poll_seconds: int
    content: Literal["stream", "redirect"]
    max_body: int
    lean: bool
    id_secrets: tuple[str, ...]
    warnings: tuple[str, ...]
    conf: str = ""
    replay: bool = False
    remix_model: str = REMIX_MODEL
    extend_model: str = EXTEND_MODEL
    webhooks: tuple[Webhook, ...] = ()
    alerts: tuple[AlertReceiver, ...] = ()
    store: StoreOption = StoreOption()
    audit: str = ""
    audit_prompts: bool = False
    admin: str = ""
    files: tuple[str, ...] = ()
    left_out: Mapping[str, str] = {}

    def lets_in_less_than(self, before: Settings) -> bool:
        """Whether somebody who might use the proxy under the settings before may not under these."""
        tokens = {each.value for each in self.callers}
        gone = any(each.value not in tokens for each in before.callers)
        closed = bool(self.callers) and not before.callers  # to the local user, who has no token
        return gone or closed or (before.forward and not self.forward)

    def limits_of(self, caller: str) -> Limits:
        """What a caller may make."""
        return next((each.limits for each in self.callers if each.name == caller), Limits())

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # The proxy's URL may hold a password.
        hidden = ("proxy", "id_secrets", "admin")
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name not in hidden]


def read(
    options: Mapping[str, object],
    environ: Mapping[str, str],
    where: Callable[[str], str] = lambda option: option,
    *,
    conf: str = "",
    file_mode: Callable[[str], int] = lambda option: 0,
) -> Settings:
    """Checks all options; `where` says for messages where an option was set. Raises ConfigError.

    `conf` is the path of the file in force; `file_mode` as `OptionReader` takes it.
    """
    reader = OptionReader(environ, where, file_mode)
    try:
        return _read(reader, options, conf)
    except ConfigError as error:
        error.files = tuple(reader.files)
        raise


def _read(reader: OptionReader, options: Mapping[str, object], conf: str) -> Settings:
    sandbox = bool(options["runway_sandbox"])
    callers = read_callers(reader, options["runway_callers"])
    poll = options["runway_poll_seconds"]
    if not isinstance(poll, int) or isinstance(poll, bool) or not 0 <= poll <= 3600:
        raise reader.fail("runway_poll_seconds", f"{poll!r} must be a number from 0 to 3600")
    content = options["runway_content"]
    if content != "stream" and content != "redirect":
        raise reader.fail("runway_content", f"{content!r} must be stream or redirect")
    base_url = reader.upstream_url("runway_base_url", options["runway_base_url"])
    aliases = read_aliases(reader, options["runway_aliases"])
    for problem in of_callers([(each.name, each.limits.models or ()) for each in callers], aliases):
        reader.warn("runway_callers", problem)
    return Settings(
        keys=(SANDBOX_KEY,) if sandbox else read_keys(reader, options["runway_keys"], base_url),
        base_url=base_url,
        proxy=_proxy(reader, options["runway_proxy"]),
        aliases=aliases,
        hosts=reader.hosts("runway_hosts", options["runway_hosts"]),
        fallback=_fallback(reader, options["runway_fallback"], callers),
        callers=callers,
        forward=bool(options["runway_forward"]),
        sandbox=sandbox,
        poll_seconds=poll,
        content=content,
        max_body=reader.size("runway_max_body", options["runway_max_body"]),
        lean=bool(options["runway_lean"]),
        replay=bool(options["runway_replay"]),
        webhooks=read_webhooks(reader, options["runway_webhooks"], [caller.name for caller in callers]),
        alerts=read_alerts(reader, options["runway_alerts"]),
        id_secrets=_id_secrets(reader),
        conf=conf,
        remix_model=_model(reader, "runway_remix_model", options["runway_remix_model"], ""),
        extend_model=_model(reader, "runway_extend_model", options["runway_extend_model"], "extend"),
        store=read_store(reader, options),
        audit=str(options["runway_audit"] or "").strip(),
        audit_prompts=bool(options["runway_audit_prompts"]),
        admin=read_admin(reader, options["runway_admin"], callers),
        left_out=reader.left_out,
        # Behind all that is read.
        files=tuple(reader.files),
        warnings=tuple(reader.warnings),
    )


def _id_secrets(reader: OptionReader) -> tuple[str, ...]:
    text = reader.environ.get(ID_SECRET_VARIABLE, "").strip()
    if text.startswith(FILE):
        found = reader.find(text)
        if found.secret is None:
            raise reader.fail(ID_SECRET_VARIABLE, found.missing)
        text = found.secret
    parts = text.split(",")
    secrets = tuple(secret for part in parts if (secret := part.strip()))
    if not all(secret.isprintable() for secret in secrets):
        raise reader.fail(ID_SECRET_VARIABLE, "must be printable text, secrets separated by commas")
    if any(len(secret) < SHORT_SECRET for secret in secrets):
        reader.warnings.append(
            f"{ID_SECRET_VARIABLE}: a secret of less than {SHORT_SECRET} characters can be guessed from "
            "one video id; `openssl rand -hex 32` makes a good one"
        )
    return secrets


def _model(reader: OptionReader, option: str, value: object, mode: str) -> str:
    """A model that makes videos from videos. One that the catalog does not know is believed."""
    model, known = str(value).strip().removeprefix("runway/"), catalog.load()
    if not VISIBLE.fullmatch(model):
        raise reader.fail(option, f"{value!r} must be the name of a Runway model")
    able = known.models_that_extend() if mode else known.models_with(known.mode_of("video"))
    if known.modes_of(model) and model not in able:
        what = "extends no video" if mode else "makes no video from a video"
        raise reader.fail(option, f"{model} {what}; models that do: {', '.join(able)}")
    return model


def _proxy(reader: OptionReader, value: object) -> str | None:
    """The outbound proxy. One that is only named must be there: nobody wants keys to go another way."""
    if isinstance(value, str) and is_reference(value.strip()):
        found = reader.find(value.strip())
        if found.secret is None:
            raise reader.fail("runway_proxy", found.missing)
        try:
            return reader.url("runway_proxy", found.secret, ("https", "http"))
        except ConfigError:
            # What is there may be another secret.
            raise reader.fail("runway_proxy", f"{value} must hold a URL like http://host:port") from None
    return reader.url("runway_proxy", value, ("https", "http")) if value else None


def _fallback(reader: OptionReader, value: object, callers: tuple[Caller, ...]) -> str | None:
    # With callers the tokens are ours, not the fallback's: nothing goes there unless it is asked for.
    if value is None:
        return None if callers else "https://api.openai.com"
    if value in ("", "none"):
        return None
    return reader.url("runway_fallback", value, ("http", "https"), ", or none")

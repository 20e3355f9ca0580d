"""`runway_webhooks`: who is told when a video ends. Their addresses come from the operator alone."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from urllib.parse import urlsplit

import msgspec

from runway_videos.config.option_reader import OptionReader
from runway_videos.config.receiver_url import receiver_url

_OPTION = "runway_webhooks"
_EXAMPLE = '{"url": "https://hooks.example.com/videos", "secret": "env.WEBHOOK_SECRET"}'
_PREFIX = "whsec_"
# Bytes of a secret; the standard asks for at least as many.
_SHORT_SECRET = 24


class Webhook(msgspec.Struct, frozen=True):
    """An address that is told, and the secret that signs. `callers`: whose videos; None: everybody's."""

    url: str
    secret: str
    callers: tuple[str, ...] | None = None

    @property
    def host(self) -> str:
        """What of the address may be shown: a path can be as good as a password."""
        return urlsplit(self.url).netloc

    def takes(self, caller: str) -> bool:
        """Whether it is told of this caller's videos."""
        return self.callers is None or caller in self.callers

    def __repr__(self) -> str:
        return f"Webhook({self.host!r})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        return [("host", self.host)]


def read_webhooks(reader: OptionReader, values: object, callers: Collection[str]) -> tuple[Webhook, ...]:
    """The webhooks of the option; `callers` are the names of those there are. Raises ConfigError."""
    webhooks: list[Webhook] = []
    for item in reader.items(_OPTION, values, ("url", "secret", "callers"), _EXAMPLE):
        url = receiver_url(reader, _OPTION, item.get("url"), "https://hooks.example.com/videos")
        webhook = Webhook(url, "", _callers(reader, item.get("callers"), callers))
        if any(webhook.url == other.url for other in webhooks):
            raise reader.fail(_OPTION, f"the address at {webhook.host} stands twice")
        secret = _secret(reader, item, webhook.host)
        webhooks.append(msgspec.structs.replace(webhook, secret=secret))
    return tuple(webhooks)


def _callers(reader: OptionReader, value: object, known: Collection[str]) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = value if isinstance(value, list) else []
    if not names or not all(name in known for name in names):
        # What is wrong is not repeated: perhaps it is a caller's token.
        there_are = ", ".join(known) or "there are none"
        raise reader.fail(_OPTION, f"callers must be a list of names in runway_callers: {there_are}")
    return tuple(names)


def _secret(reader: OptionReader, item: dict[str, object], host: str) -> str:
    secret, missing = reader.secret(_OPTION, item, "secret", host)
    if secret is None:
        raise reader.fail(_OPTION, f"{host}: {missing}")
    try:
        size = len(base64.b64decode(secret.removeprefix(_PREFIX), validate=True))
    except binascii.Error:
        size = 0
    if not size or not secret.startswith(_PREFIX):
        raise reader.fail(
            _OPTION,
            f"the secret of {host} must be {_PREFIX} and base64, as "
            f"`echo {_PREFIX}$(openssl rand -base64 32)` makes it",
        )
    if size < _SHORT_SECRET:
        reader.warnings.append(f"{_OPTION}: the secret of {host} is shorter than {_SHORT_SECRET} bytes")
    return secret

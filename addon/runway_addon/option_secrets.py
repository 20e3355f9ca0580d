"""Literal secrets of `--set`, of addresses the passwords, replaced by placeholders in mitmproxy's options.

Commands, other scripts and mitmweb show the options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from mitmproxy import ctx

from runway_videos.config.secret_sources import is_reference

_PLACEHOLDER, _NO_PASSWORD = "kept:", "***"
# By option: the fields with secrets. Items are told apart by their names, else by their order.
_FIELDS: Mapping[str, tuple[str, ...]] = {"runway_webhooks": ("secret", "url"), "runway_alerts": ("url",)}
_USUAL_FIELDS = ("value",)


class LiteralSecrets:
    """The secrets that placeholders stand for, by option, item and field."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}

    def hide(self, option: str, values: Sequence[str] | str | None) -> Sequence[str] | str | None:
        """The option's values with their secrets; sets the option to the same with placeholders."""
        if values is None or isinstance(values, str):
            return self._hide_password(option, values or "") or None
        hidden, revealed = [], []
        for position, value in enumerate(values):
            masked, original = self._mask(option, value, position)
            hidden.append(masked)
            revealed.append(original)
        if list(values) != hidden:
            ctx.options.update(**{option: hidden})
        return revealed

    def _hide_password(self, option: str, url: str) -> str:
        """An address with its user and password; sets the option to the same without."""
        before, at, host = url.rpartition("@")
        scheme, slashes, _ = before.partition("//")
        masked = f"{scheme + slashes if slashes else ''}{_NO_PASSWORD}{at}{host}"
        if not at or url == masked:
            return self._secrets.get(option, url) if at else url
        self._secrets[option] = url
        ctx.options.update(**{option: masked})
        return url

    def _mask(self, option: str, value: str, position: int) -> tuple[str, str]:
        """One item with placeholders, and with its secrets."""
        try:
            item = msgspec.json.decode(value)
            fields = [name for name in _FIELDS.get(option, _USUAL_FIELDS) if is_literal(item.get(name))]
        except (msgspec.DecodeError, AttributeError):
            return value, value
        masked, original = dict(item), dict(item)
        for name in fields:
            slot = f"{option}.{item.get('name', position)}.{name}"
            if not item[name].startswith(_PLACEHOLDER):
                self._secrets[slot] = item[name]
            masked[name] = _PLACEHOLDER + slot
            original[name] = self._secrets.get(slot, item[name])
        if not fields:
            return value, value
        return msgspec.json.encode(masked).decode(), msgspec.json.encode(original).decode()


def is_literal(value: object) -> bool:
    """Whether a secret is written out."""
    return isinstance(value, str) and not is_reference(value)

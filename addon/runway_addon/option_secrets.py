"""Literal secrets of `--set`, replaced by placeholders in mitmproxy's options.

Commands, other scripts and mitmweb show the options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from mitmproxy import ctx

from runway_videos.config.secret_sources import is_reference

_PLACEHOLDER = "kept:"
# By option: the field with the secret, and the one that tells items apart; "": their order does.
_FIELDS: Mapping[str, tuple[str, str]] = {"runway_webhooks": ("secret", "url"), "runway_alerts": ("url", "")}
_USUAL_FIELDS = ("value", "name")


class LiteralSecrets:
    """The secrets that placeholders stand for, by option and name of the item."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}

    def hide(self, option: str, values: Sequence[str]) -> list[str]:
        """The option's values with their secrets; sets the option to the same with placeholders."""
        hidden, revealed = [], []
        for position, value in enumerate(values):
            masked, original = self._mask(option, value, position)
            hidden.append(masked)
            revealed.append(original)
        if list(values) != hidden:
            ctx.options.update(**{option: hidden})
        return revealed

    def _mask(self, option: str, value: str, position: int) -> tuple[str, str]:
        """One item with a placeholder, and with its secret."""
        field, name = _FIELDS.get(option, _USUAL_FIELDS)
        try:
            item = msgspec.json.decode(value)
            secret = item[field]
        except (msgspec.DecodeError, KeyError, TypeError):
            return value, value
        if not isinstance(secret, str) or is_reference(secret):
            return value, value
        slot = f"{option}.{item.get(name) if name else position}"
        if not secret.startswith(_PLACEHOLDER):
            self._secrets[slot] = secret
        masked = msgspec.json.encode(item | {field: _PLACEHOLDER + slot}).decode()
        return masked, msgspec.json.encode(item | {field: self._secrets.get(slot, secret)}).decode()

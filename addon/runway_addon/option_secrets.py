"""Literal secrets of `--set`, replaced by placeholders in mitmproxy's options.

Commands, other scripts and mitmweb show the options.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from mitmproxy import ctx

_PLACEHOLDER = "kept:"
# By option and name of the item; outlives a reload of the script.
_literals: dict[str, str] = {}


def hide(option: str, values: Sequence[str]) -> list[str]:
    """The option's values with their secrets; sets the option to the same with placeholders."""
    hidden, revealed = [], []
    for value in values:
        masked, original = _mask(option, value)
        hidden.append(masked)
        revealed.append(original)
    if list(values) != hidden:
        ctx.options.update(**{option: hidden})
    return revealed


def _mask(option: str, value: str) -> tuple[str, str]:
    """One item with a placeholder, and with its secret."""
    try:
        item = msgspec.json.decode(value)
        secret = item["value"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return value, value
    if not isinstance(secret, str) or secret.startswith("env."):
        return value, value
    slot = f"{option}.{item.get('name')}"
    if not secret.startswith(_PLACEHOLDER):
        _literals[slot] = secret
    masked = msgspec.json.encode(item | {"value": _PLACEHOLDER + slot}).decode()
    return masked, msgspec.json.encode(item | {"value": _literals.get(slot, secret)}).decode()

"""Secrets that are written out in `--set`, moved out of mitmproxy's options.

Commands, scripts and mitmweb show options; a secret there would be everybody's.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from mitmproxy import ctx

_KEPT = "kept:"
# By option and name of the item; outlives a reload of the script.
_literals: dict[str, str] = {}


def hide(option: str, values: Sequence[str]) -> list[str]:
    """The option's values with their secrets; in mitmproxy's options places stand for these."""
    hidden, opened = [], []
    for value in values:
        placeholder, whole = _split(option, value)
        hidden.append(placeholder)
        opened.append(whole)
    if list(values) != hidden:
        ctx.options.update(**{option: hidden})
    return opened


def _split(option: str, value: str) -> tuple[str, str]:
    """One item as it may be shown, and as it was meant."""
    try:
        item = msgspec.json.decode(value)
        secret = item["value"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return value, value
    if not isinstance(secret, str) or secret.startswith("env."):
        return value, value
    place = f"{option}.{item.get('name')}"
    if not secret.startswith(_KEPT):
        _literals[place] = secret
    placeholder = msgspec.json.encode(item | {"value": _KEPT + place}).decode()
    return placeholder, msgspec.json.encode(item | {"value": _literals.get(place, secret)}).decode()

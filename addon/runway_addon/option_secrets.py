"""Literal secrets of `--set`, of addresses the passwords, replaced by placeholders in mitmproxy's options.

Commands, other scripts and mitmweb show the options.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import msgspec
from mitmproxy import ctx

from runway_videos.config.secret_sources import is_reference

_PLACEHOLDER, _NO_PASSWORD = "kept:", "***"
# By option: the fields with secrets. Items are told apart by their names, else by their order.
_FIELDS: Mapping[str, tuple[str, ...]] = {"runway_webhooks": ("secret", "url"), "runway_alerts": ("url",)}
_USUAL_FIELDS = ("value",)


class LiteralSecrets:
    """The secrets that placeholders stand for.

    Each secret has a placeholder of its own: a change that is refused brings the ones before back.
    """

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}
        self._hidden: dict[str, Sequence[str] | str] = {}
        #: The options are being changed here: they mean the same as before.
        self.hiding = False

    def reveal(self, option: str, values: Sequence[str] | str | None) -> Sequence[str] | str | None:
        """The option's values with their secrets."""
        revealed: Sequence[str] | str | None
        if values is None or isinstance(values, str):
            masked, revealed = self._mask_password(values or "")
            hidden: Sequence[str] | str = masked
        else:
            pairs = [self._mask(option, value, position) for position, value in enumerate(values)]
            hidden, revealed = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        self._hidden.pop(option, None)
        if values and hidden != (values if isinstance(values, str) else list(values)):
            self._hidden[option] = hidden
        return revealed or values

    def hide(self) -> None:
        """Sets the options that were revealed to the same with placeholders.

        Only when they have proven right: a change is shown, and a secret may stand in a wrong place.
        """
        hidden, self._hidden = self._hidden, {}
        if hidden:
            self.hiding = True
            try:
                ctx.options.update(**hidden)
            finally:
                self.hiding = False

    def _mask_password(self, url: str) -> tuple[str, str]:
        """An address without and with its user and password."""
        before, at, host = url.rpartition("@")
        if not at:
            return url, url
        secret = self._secrets.get(url, url)
        scheme, slashes, _ = before.partition("//")
        beginning = f"{scheme + slashes if slashes else ''}{_NO_PASSWORD}"
        return self._placeholder(secret, lambda number: f"{beginning}{number}{at}{host}"), secret

    def _mask(self, option: str, value: str, position: int) -> tuple[str, str]:
        """One item with placeholders, and with its secrets."""
        try:
            item = msgspec.json.decode(value)
            fields = [name for name in _FIELDS.get(option, _USUAL_FIELDS) if is_literal(item.get(name))]
        except (msgspec.DecodeError, AttributeError):
            return value, value
        masked, original = dict(item), dict(item)
        for name in fields:
            secret = self._secrets.get(item[name], item[name])
            slot = f"{_PLACEHOLDER}{option}.{item.get('name', position)}.{name}"
            masked[name] = self._placeholder(secret, slot.__add__)
            original[name] = secret
        if not fields:
            return value, value
        return msgspec.json.encode(masked).decode(), msgspec.json.encode(original).decode()

    def _placeholder(self, secret: str, form: Callable[[str], str]) -> str:
        """What stands for a secret; `form` makes one of a text that is empty or a number."""
        names = itertools.chain([form("")], (form(str(number)) for number in itertools.count(2)))
        return next(name for name in names if self._secrets.setdefault(name, secret) == secret)


def is_literal(value: object) -> bool:
    """Whether a secret is written out."""
    return isinstance(value, str) and not is_reference(value)

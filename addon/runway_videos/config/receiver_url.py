"""Addresses that this program sends something to by itself: of webhooks, of alerts."""

from __future__ import annotations

from urllib.parse import urlsplit

from runway_videos.config.option_reader import VISIBLE, OptionReader
from runway_videos.hosts import is_internal_host


def receiver_url(reader: OptionReader, option: str, value: object, example: str) -> str:
    """The address: https, or http to this network. Raises ConfigError, which shows no more than the host."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        host, port = "", None
    if not VISIBLE.fullmatch(text) or not host or port == 0 or "#" in text or "@" in parts.netloc:
        raise reader.fail(option, f"url must be a whole address like {example}")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_internal_host(host)):
        raise reader.fail(option, f"the address at {host} must begin with https, or be http to this network")
    return text

"""The real proxy in front of the faulty Runway."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asking import until
from faulty.server import FaultyRunway
from running import ADDON, Proxy

SHORT_WAITS = Path(__file__).with_name("short_waits.py")
#: As of a picture that is too large for a data URI, so that it has to be uploaded.
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(5 << 20)


def keys_for(models: Mapping[str, int]) -> list[str]:
    """Keys of their own for each model, so that the health of none meets that of another."""
    return [
        json.dumps({"name": name, "value": name, "models": [model]})
        for model, count in models.items()
        for name in key_names(model, count)
    ]


def key_names(model: str, count: int) -> list[str]:
    """The names of a model's keys, which are their values too."""
    return [f"{model}-{letter}" for letter in "ab"[:count]]


def gateway(
    folder: Path,
    runway: FaultyRunway,
    models: Mapping[str, int],
    *arguments: str,
    port: int = 0,
    short_waits: bool = False,
    env: Mapping[str, str] = {},
    conf: str = "",
    **options: Any,
) -> Proxy:
    """A proxy for those models, with so many keys each, in a folder of its own.

    Without `short_waits` it has its own: a Runway that holds its answer may do so for long.
    """
    chosen: dict[str, Any] = {
        "runway_base_url": runway.url,
        "runway_keys": keys_for(models),
        "runway_poll_seconds": 0,
        # So that its log tells when clients come and go.
        "flow_detail": 1,
    }
    listen = ("--listen-host", "127.0.0.1", "--listen-port", str(port))
    addon = SHORT_WAITS if short_waits else ADDON
    return Proxy(folder, *arguments, conf=conf, listen=listen, env=env, addon=addon, **(chosen | options))


def lines_with(log: str, *words: str) -> list[str]:
    """The log's lines that hold all of the words."""
    return [line for line in log.splitlines() if all(word in line for word in words)]


def wait_alone(proxy: Proxy) -> None:
    """Waits until the proxy has seen that every client has hung up."""

    def alone() -> bool:
        log = proxy.log
        return len(lines_with(log, "client connect")) == len(lines_with(log, "client disconnect"))

    until(lambda: alone() or None, "all clients gone")

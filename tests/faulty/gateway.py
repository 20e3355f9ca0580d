"""The real proxy in front of the misbehaving Runway."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from running import Proxy

from faulty.server import FaultyRunway

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
    **options: object,
) -> Proxy:
    """A proxy for those models, with so many keys each, in a folder of its own."""
    folder.mkdir(exist_ok=True)
    chosen: dict[str, object] = {
        "runway_base_url": runway.url,
        "runway_keys": keys_for(models),
        "runway_poll_seconds": 0,
    }
    listen = ("--listen-host", "127.0.0.1", "--listen-port", str(port))
    short = ("-s", str(SHORT_WAITS))
    return Proxy(folder, *short, *arguments, listen=listen, **(chosen | options))


def lines_with(log: str, *words: str) -> Iterable[str]:
    """The log's lines that hold all of the words."""
    return [line for line in log.splitlines() if all(word in line for word in words)]

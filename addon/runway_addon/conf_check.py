"""Checks a configuration without starting the proxy, for people and for CI.

Nothing is connected to, but by `--alerts` the receivers of alerts.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mitmproxy.addonmanager import Loader
from mitmproxy.options import Options
from mitmproxy.tools.dump import DumpMaster

from runway_addon import listening, options
from runway_addon.options import AddonOptions
from runway_videos.alerts import trial
from runway_videos.config import start_lines
from runway_videos.config.conf_file import ConfigError
from runway_videos.config.settings import Settings
from runway_videos.runtime import sealer_of
from runway_videos.webhooks.client import WebhookClient
from runway_videos.webhooks.signing import signers_of

_CHECKOUT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """Prints what would be in force; 1 on a mistake, which is a line on standard error."""
    parser = argparse.ArgumentParser(
        prog="python -m runway_videos.check",
        description="Reads a mitm.conf as the proxy would at its start, with the variables of this "
        "environment, and prints what would be in force. Exit status 1 on a mistake.",
    )
    parser.add_argument("conf", nargs="?", help="the file (default: the one that the proxy would take)")
    parser.add_argument("--alerts", action="store_true", help="also send each receiver of alerts a message")
    parsed = parser.parse_args(arguments)
    try:
        settings, modes, warnings = asyncio.run(_read(parsed.conf, environment))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"configuration: {settings.conf or 'no file: defaults and the environment'}")
    print(f"mode: {', '.join(modes)}")
    for line in start_lines.facts(settings):
        print(line)
    for line in (*start_lines.warnings(settings), *warnings):
        print(f"warning: {line}")
    return asyncio.run(_try_alerts(settings)) if parsed.alerts else 0


async def _try_alerts(settings: Settings) -> int:
    """Prints what became of a message to each receiver; 1 where one did not take it."""
    if not settings.alerts:
        print("runway_alerts: there is none to try; set one, or leave --alerts out", file=sys.stderr)
        return 1
    client, status = WebhookClient(), 0
    async for host, problem in trial.tell(settings.alerts, client):
        if problem:
            print(f"alerts: {host} did not take a message: {problem}", file=sys.stderr)
            status = 1
        else:
            print(f"alerts: {host} took a message")
    await client.close()
    return status


async def _read(conf: str | None, environment: Mapping[str, str]) -> tuple[Settings, list[str], list[str]]:
    """The settings, mitmproxy's modes with their addresses, and warnings. Raises ConfigError."""
    # mitmproxy's options are those of a program of it; this one is made and never runs.
    master = DumpMaster(Options(), asyncio.get_running_loop(), with_termlog=False)
    read = AddonOptions(["--set", f"runway_conf={conf}"] if conf else [], environment)
    read.load(Loader(master), (Path.cwd(), _CHECKOUT))
    settings = read.read_settings()
    sealer_of(settings)
    signers_of(settings.webhooks)
    try:
        modes = listening.modes_with_addresses(read)
    except ValueError as error:
        raise ConfigError(f"{read.where_to_listen()}: {error}") from error
    return settings, modes, options.option_warnings()

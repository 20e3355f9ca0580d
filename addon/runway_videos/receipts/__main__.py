"""`python -m runway_videos.receipts AUDIT [--day D]`: what was made and what it cost."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from runway_videos.config.key_options import KEY_VARIABLES
from runway_videos.config.settings import BASE_URL
from runway_videos.keys.pool import Key
from runway_videos.receipts import report
from runway_videos.receipts.videos import files_of, lines_of, read
from runway_videos.upstream.client import NotSentError, RunwayClient, UnknownOutcomeError
from runway_videos.upstream.judge_create import reason_of


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of the command line; exits with a message on a mistake."""
    parser = argparse.ArgumentParser(
        prog="python -m runway_videos.receipts",
        description="Videos and credits of an account that runway_audit keeps, its rotated files too.",
        epilog=f"With {' or '.join(KEY_VARIABLES)} in the environment and --day, the day is set against "
        "what Runway charged to that key's organisation; exit status 1 where that is not the same.",
    )
    parser.add_argument("audit", type=Path, metavar="AUDIT", help="the file of runway_audit")
    parser.add_argument("--day", type=_day, metavar="YYYY-MM-DD", help="videos created on this day, in UTC")
    parser.add_argument(
        "--key", action="append", default=[], metavar="NAME",
        help="videos of this key of runway_keys; several for several keys of one organisation",
    )  # fmt: skip
    parser.add_argument("--base-url", default=BASE_URL, help=f"Runway's API ({BASE_URL})")
    return parser.parse_args(arguments)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise argparse.ArgumentTypeError("a day is written as 2026-11-25") from error


async def charged(base_url: str, key: Key, day: str) -> dict[str, float]:
    """Credits that Runway charged on a day, by model. Raises ValueError with the reason."""
    client = RunwayClient(base_url)
    try:
        before = (date.fromisoformat(day) + timedelta(1)).isoformat()
        reply = await client.get_usage(key, day, before)
    except (NotSentError, UnknownOutcomeError) as error:
        raise ValueError(str(error)) from error
    finally:
        await client.close()
    results = (reply.json() or {}).get("results") if reply.status == 200 else None
    if not isinstance(results, list):
        raise ValueError(f"HTTP {reply.status} {reason_of(reply)}".strip())
    sums: dict[str, float] = {}
    for entry in results:
        for used in entry["usedCredits"] if entry.get("date") == day else []:
            sums[used["model"]] = sums.get(used["model"], 0) + used["amount"]
    return sums


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Prints the report; returns the exit status: 1 for credits that are not explained, 2 for a failure."""
    options = parse(arguments)
    try:
        account = report.of(read(lines_of(files_of(options.audit))), options.day, options.key)
    except OSError as error:
        print(f"{options.audit}: {error.strerror}", file=sys.stderr)
        return 2
    for line in report.lines(account):
        print(line)
    value = next(filter(None, (environ.get(name, "").strip() for name in KEY_VARIABLES)), "")
    if not value or options.day is None:
        return 0
    try:
        sums = asyncio.run(charged(options.base_url, Key("environment", value), options.day))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"Runway does not tell what it charged: {error}", file=sys.stderr)
        return 2
    text, unexplained = report.against(account, sums)
    print(text)
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

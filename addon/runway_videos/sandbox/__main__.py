"""`python -m runway_videos.sandbox`: the standalone sandbox. Its first line of output is its URL."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence

from runway_videos.sandbox import DEFAULT_KEYS, Sandbox


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of the command line; exits with a message on a mistake."""
    parser = argparse.ArgumentParser(
        prog="python -m runway_videos.sandbox",
        description="Runway's API on 127.0.0.1 for trying things out and for tests.",
    )
    parser.add_argument("--port", type=int, default=0, help="port (default: a free one)")
    parser.add_argument(
        "--keys",
        type=_keys,
        default=DEFAULT_KEYS,
        metavar="KEY[=ORGANISATION],…",
        help="keys that are taken; each is an organisation of its own unless one is named",
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="how long a task takes (4)")
    parser.add_argument("--concurrency", type=int, help="running tasks per organisation and model")
    parser.add_argument("--video-bytes", type=int, help="length of a video (the real file's)")
    parser.add_argument("--url-seconds", type=float, default=86_400.0, help="life of output URLs")
    return parser.parse_args(arguments)


def _keys(text: str) -> dict[str, str]:
    pairs = (entry.strip().partition("=") for entry in text.split(",") if entry.strip())
    keys = {key: organisation or key for key, _, organisation in pairs}
    if not keys:
        raise argparse.ArgumentTypeError("at least one key is needed")
    return keys


async def run(options: argparse.Namespace) -> None:
    """Serves until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with Sandbox(
        options.keys,
        seconds=options.seconds,
        concurrency=options.concurrency,
        video_bytes=options.video_bytes,
        url_seconds=options.url_seconds,
        port=options.port,
        inspect=True,
    ) as sandbox:
        lines = (
            sandbox.url,
            f"keys: {', '.join(sandbox.keys)}; requests: {sandbox.url}/_sandbox/requests",
        )
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()
        await stopped.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command, by default with the process's own arguments."""
    try:
        asyncio.run(run(parse(sys.argv[1:] if arguments is None else arguments)))
    except (OSError, ValueError) as error:
        sys.exit(f"sandbox: {error}")


if __name__ == "__main__":
    main()

"""A script beside the addon, in its process: how late the event loop is, and what is logged above WARNING.

Each line of the file in the environment variable SOAK_PROBE is JSON: `{"lags": […]}` in milliseconds, one for
each twentieth of a second, or `{"error": "a line of the log"}`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time

INTERVAL_SECONDS = 0.05
_LINE_SECONDS = 1.0


class Probe(logging.Handler):
    """Writes what it sees, each line at once."""

    def __init__(self, path: str) -> None:
        super().__init__(logging.ERROR)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._task: asyncio.Task[None] | None = None

    def running(self) -> None:
        """mitmproxy serves."""
        logging.getLogger().addHandler(self)
        self._task = asyncio.create_task(self._look())

    def emit(self, record: logging.LogRecord) -> None:
        self._write({"error": record.getMessage()})

    async def _look(self) -> None:
        lags: list[float] = []
        while True:
            due = time.monotonic() + INTERVAL_SECONDS
            await asyncio.sleep(INTERVAL_SECONDS)
            lags.append(round(1000 * max(0.0, time.monotonic() - due), 1))
            if len(lags) * INTERVAL_SECONDS >= _LINE_SECONDS:
                self._write({"lags": lags})
                lags = []

    def _write(self, line: object) -> None:
        os.write(self._file, json.dumps(line).encode() + b"\n")


addons = [Probe(os.environ["SOAK_PROBE"])]
